"""The demonstration's chain: its stores in four time zones, tills, groupings."""

from typing import Any

COMPANY = "Aurora Moda e Beleza"
REQUIRED_CUSTOMER_FIELDS = ["name", "phone", "email", "birth_date"]

# code, name, city, state, time zone
STORES = [
    ("0001", "Aurora Paulista", "São Paulo", "SP", "America/Sao_Paulo"),
    ("0002", "Aurora Savassi", "Belo Horizonte", "MG", "America/Sao_Paulo"),
    ("0003", "Aurora Batel", "Curitiba", "PR", "America/Sao_Paulo"),
    ("0004", "Aurora Manaus", "Manaus", "AM", "America/Manaus"),
    ("0005", "Aurora Noronha", "Fernando de Noronha", "PE", "America/Noronha"),
    ("0006", "Aurora Rio Branco", "Rio Branco", "AC", "America/Rio_Branco"),
]
ONLINE_STORE = ("0100", "Aurora Online", "São Paulo", "SP", "America/Sao_Paulo")
TERMINALS = [("1", "Caixa 1"), ("2", "Caixa 2")]
ONLINE_TERMINAL = ("WEB", "Loja online")
# The till whose key is printed.
SHOWN_TERMINAL = ("0001", "1")

STORE_GROUPINGS = {
    "sudeste": ("Sudeste", ["0001", "0002"]),
    "sul": ("Sul", ["0003"]),
    "norte": ("Norte", ["0004", "0006"]),
}
PRODUCT_GROUPINGS = {
    "produtos-inverno": ("Produtos Inverno", ["JAQUETA", "TRICO", "MOLETOM"]),
    "mais-vendidos": ("Mais vendidos", ["CAM-BASICA", "CALCA-JEANS", "CHINELO", "XAMPU", "BATOM"]),
    "kit-praia": ("Kit praia", ["CHINELO", "PROTETOR", "BONE"]),
}
CUSTOMER_GROUPINGS = {
    "vip": "Clientes VIP",
    "clube-aurora": "Clube Aurora",
    "funcionarios": "Funcionários",
}


def store_rows() -> list[dict[str, Any]]:
    rows = [
        {"code": code, "name": name, "brand": "Aurora", "city": city, "state": state, "time_zone": zone}
        for code, name, city, state, zone in [*STORES, ONLINE_STORE]
    ]
    return [{**row, "online_shop": row["code"] == ONLINE_STORE[0]} for row in rows]


def terminal_rows() -> list[dict[str, Any]]:
    rows = [{"store": store[0], "code": code, "name": name} for store in STORES for code, name in TERMINALS]
    return [*rows, {"store": ONLINE_STORE[0], "code": ONLINE_TERMINAL[0], "name": ONLINE_TERMINAL[1]}]


def store_grouping_rows() -> list[dict[str, Any]]:
    return [
        {"code": code, "name": name, "members": [{"code": store} for store in stores]}
        for code, (name, stores) in STORE_GROUPINGS.items()
    ]


def product_grouping_rows() -> list[dict[str, Any]]:
    return [
        {"code": code, "name": name, "members": [{"code": product} for product in products]}
        for code, (name, products) in PRODUCT_GROUPINGS.items()
    ]


def customer_grouping_rows() -> list[dict[str, Any]]:
    return [{"code": code, "name": name} for code, name in CUSTOMER_GROUPINGS.items()]
