"""The demonstration's customers: two hundred people, some of whom have their birthday this week."""

import random
import unicodedata
from datetime import date, timedelta
from typing import Any

from customers.documents import is_valid
from pos_api.demo.chain import ONLINE_STORE, STORES

COUNT = 200
# How many days from today the first customers celebrate, so that birthdays can be seen at once.
BIRTHDAYS = (0, 0, 0, 1, 1, 2, 3, 4, 5, 6, -1, -2)

# Who comes to see a seller: days from today, local time, purpose, as the first customers of the list.
APPOINTMENTS = (
    (0, "10:30", "V01", "Provar vestidos de festa"),
    (0, "14:00", "V02", "Ajuste da barra da calça"),
    (0, "16:30", "V01", "Conhecer a coleção nova"),
    (1, "11:00", "V03", "Presente de aniversário"),
    (2, "15:00", "V02", "Roupa para viagem"),
)

FEMALE = [
    "Ana",
    "Beatriz",
    "Camila",
    "Daniela",
    "Eduarda",
    "Fernanda",
    "Gabriela",
    "Helena",
    "Isabela",
    "Juliana",
    "Larissa",
    "Mariana",
    "Natália",
    "Patrícia",
    "Rafaela",
    "Sofia",
    "Tatiane",
    "Vanessa",
]
MALE = [
    "André",
    "Bruno",
    "Carlos",
    "Diego",
    "Eduardo",
    "Felipe",
    "Gustavo",
    "Henrique",
    "Igor",
    "João",
    "Lucas",
    "Marcelo",
    "Nelson",
    "Otávio",
    "Paulo",
    "Rafael",
    "Thiago",
    "Vinícius",
]
LAST = [
    "Almeida",
    "Araújo",
    "Barbosa",
    "Cardoso",
    "Carvalho",
    "Castro",
    "Costa",
    "Dias",
    "Ferreira",
    "Gomes",
    "Lima",
    "Martins",
    "Melo",
    "Moreira",
    "Nascimento",
    "Oliveira",
    "Pereira",
    "Ribeiro",
    "Rocha",
    "Santos",
    "Silva",
    "Souza",
    "Teixeira",
    "Vieira",
]
STREETS = [
    "Rua das Flores",
    "Avenida Brasil",
    "Rua XV de Novembro",
    "Rua Sete de Setembro",
    "Avenida Getúlio Vargas",
]
REMARKS = {
    3: "Prefere ser chamada de Bia.",
    7: "Não aceita pagamento em cheque.",
    12: "Alérgica a fragrâncias fortes: não oferecer amostras de perfume.",
}
AREA_CODES = {"SP": 11, "MG": 31, "PR": 41, "AM": 92, "PE": 81, "AC": 68}


def customer_rows(today: date) -> list[dict[str, Any]]:
    """Return the rows of all customers; only their birthdays depend on the day."""
    luck = random.Random(20261122)  # noqa: S311 - the same people on every machine
    return [_row(number, luck, today) for number in range(1, COUNT + 1)]


def cpf(number: int) -> str:
    """Return the one valid CPF that begins with these nine digits."""
    body = f"{number:09d}"
    return next(f"{body}{digits:02d}" for digits in range(100) if is_valid(f"{body}{digits:02d}"))


def _row(number: int, luck: random.Random, today: date) -> dict[str, Any]:
    female = luck.random() < 0.6
    first = luck.choice(FEMALE if female else MALE)
    last = " ".join(luck.sample(LAST, 2))
    store = luck.choice([*STORES, ONLINE_STORE])
    digits = luck.randrange(10_000_000)
    born = date(luck.randrange(1955, 2007), luck.randrange(1, 13), luck.randrange(1, 29))
    if number <= len(BIRTHDAYS):
        born = _with_year(today + timedelta(days=BIRTHDAYS[number - 1]), born.year)
    row: dict[str, Any] = {
        "code": f"D{number:04d}",
        "name": f"{first} {last}",
        "document": cpf(100_000_000 + luck.randrange(800_000_000)),
        "phone": f"+55{AREA_CODES[store[3]]}9{8_000_0000 + digits:08d}",
        "email": f"{_plain(first)}.{_plain(last.split()[-1])}{number}@example.com",
        "card": f"9{number:07d}",
        "birth_date": born.isoformat(),
        "sex": "f" if female else "m",
        "street": luck.choice(STREETS),
        "number": str(luck.randrange(10, 2000)),
        "city": store[2],
        "state": store[3],
        "home_store": store[0],
        "origin": luck.choice(["Loja", "Loja", "Site", "Indicação", "Instagram"]),
        "remark": REMARKS.get(number, ""),
        "level": luck.choice([1, 1, 1, 2, 2, 3]),
        "groupings": _groupings(number, luck),
        "consents": _consents(number, luck, today),
    }
    # Some records have gaps, as real ones do: the till asks for what is missing.
    if number > len(BIRTHDAYS):
        for name, share in (("email", 0.15), ("birth_date", 0.15), ("phone", 0.1), ("card", 0.5)):
            if luck.random() < share:
                del row[name]
    return row


def _groupings(number: int, luck: random.Random) -> list[str]:
    if number % 20 == 0:
        return ["funcionarios"]
    found = ["clube-aurora"] if luck.random() < 0.5 else []
    return [*found, "vip"] if number % 10 == 1 else found


def _consents(number: int, luck: random.Random, today: date) -> list[dict[str, Any]]:
    """Return what was agreed to when the record was made, well before the first sale."""
    if number > len(BIRTHDAYS) and luck.random() < 0.25:
        return []
    given = {"text_version": "2026-01", "given_at": f"{today - timedelta(days=90)}T12:00:00-03:00"}
    text = {"text": "Aceito receber benefícios de campanhas promocionais.", **given}
    consents: list[dict[str, Any]] = [{"purpose": "promotions", "granted": True, **text}]
    consents += [
        {
            "purpose": "marketing",
            "channel": channel,
            "granted": luck.random() < 0.8,
            **given,
        }
        for channel in ("email", "whatsapp", "sms")
    ]
    return consents


def _with_year(day: date, year: int) -> date:
    try:
        return day.replace(year=year)
    except ValueError:  # 29 February
        return date(year, 2, 28)


def _plain(name: str) -> str:
    return unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
