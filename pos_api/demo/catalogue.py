"""The demonstration's assortment: a tree of categories, and products in their colours, sizes and volumes."""

from collections.abc import Iterator
from typing import Any

from retail import money

# code, name, parent
CATEGORIES = [
    ("moda", "Moda", None),
    ("feminino", "Moda feminina", "moda"),
    ("vestidos", "Vestidos", "feminino"),
    ("blusas", "Blusas e camisetas femininas", "feminino"),
    ("masculino", "Moda masculina", "moda"),
    ("camisetas", "Camisetas e polos", "masculino"),
    ("calcas", "Calças e bermudas", "masculino"),
    ("inverno", "Casacos e tricôs", "moda"),
    ("meias", "Meias", "moda"),
    ("calcados", "Calçados", None),
    ("tenis", "Tênis", "calcados"),
    ("sandalias", "Sandálias e chinelos", "calcados"),
    ("acessorios", "Acessórios", None),
    ("beleza", "Beleza", None),
    ("perfumaria", "Perfumaria", "beleza"),
    ("maquiagem", "Maquiagem", "beleza"),
    ("cabelos", "Cabelos", "beleza"),
    ("dermocosmeticos", "Dermocosméticos", "beleza"),
    ("farmacia", "Farmácia", None),
    ("higiene", "Higiene pessoal", "farmacia"),
    ("vitaminas", "Vitaminas e suplementos", "farmacia"),
    ("bebe", "Mamãe e bebê", "farmacia"),
]

COLOURS = {"PR": "preto", "BR": "branco", "AZ": "azul", "VD": "verde", "VM": "vermelho", "BG": "bege"}

# code, name, category, NCM, price, variants; a variant is a colour and a size, or a volume
CLOTHES = [
    ("VEST-LINHO", "Vestido midi de linho", "vestidos", "62044400", "229.90", "PR BG", "P M G GG"),
    ("VEST-FLOR", "Vestido floral", "vestidos", "62044300", "189.90", "AZ VM", "P M G GG"),
    ("VEST-MALHA", "Vestido canelado", "vestidos", "61044200", "119.90", "PR VD", "P M G GG"),
    ("BLUSA-SEDA", "Blusa acetinada", "blusas", "62064000", "139.90", "BR PR", "P M G GG"),
    ("BABY-LOOK", "Baby look básica", "blusas", "61091000", "39.90", "BR PR VM", "P M G GG"),
    ("REGATA-F", "Regata canelada", "blusas", "61091000", "29.90", "BR PR BG", "P M G"),
    ("CAM-BASICA", "Camiseta básica de algodão", "camisetas", "61091000", "49.90", "BR PR AZ", "P M G GG"),
    ("CAM-ESTAMPA", "Camiseta estampada", "camisetas", "61091000", "69.90", "BR VD", "P M G GG"),
    ("POLO", "Camisa polo piquê", "camisetas", "61051000", "99.90", "AZ PR", "P M G GG"),
    ("CAM-SOCIAL", "Camisa social slim", "camisetas", "62052000", "149.90", "BR AZ", "P M G GG"),
    ("CALCA-JEANS", "Calça jeans reta", "calcas", "62034200", "179.90", "AZ PR", "38 40 42 44"),
    ("CALCA-SARJA", "Calça de sarja", "calcas", "62034200", "159.90", "BG PR", "38 40 42 44"),
    ("BERMUDA", "Bermuda de moletom", "calcas", "61034200", "89.90", "PR AZ", "P M G GG"),
    ("JAQUETA", "Jaqueta corta-vento", "inverno", "62019300", "249.90", "PR VD", "P M G GG"),
    ("TRICO", "Suéter de tricô", "inverno", "61103000", "159.90", "BG AZ", "P M G GG"),
    ("MOLETOM", "Moletom com capuz", "inverno", "61102000", "169.90", "PR BG", "P M G GG"),
    ("MEIA-CANO", "Meia de cano médio", "meias", "61159500", "19.90", "BR PR", "34-39 40-45"),
    ("MEIA-ESPORTE", "Meia esportiva", "meias", "61159500", "24.90", "BR PR", "34-39 40-45"),
    ("MEIA-INFANTIL", "Meia infantil antiderrapante", "meias", "61159500", "16.90", "AZ VM", "22-26 27-33"),
    ("TENIS-CASUAL", "Tênis casual", "tenis", "64041900", "199.90", "BR PR", "37 39 41"),
    ("TENIS-CORRIDA", "Tênis de corrida", "tenis", "64041100", "329.90", "AZ PR", "37 39 41"),
    ("CHINELO", "Chinelo de borracha", "sandalias", "64022000", "34.90", "PR AZ", "35 38 41"),
    ("SANDALIA", "Sandália rasteira", "sandalias", "64029990", "89.90", "BG PR", "35 37 39"),
    ("BOLSA", "Bolsa transversal", "acessorios", "42022220", "149.90", "PR BG VM", "U"),
    ("CINTO", "Cinto de couro", "acessorios", "42033000", "79.90", "PR BG", "P M G GG"),
    ("BONE", "Boné aba curva", "acessorios", "65050090", "59.90", "PR AZ BG", "U"),
]
# code, name, category, NCM, then volume:price for each
BOTTLES = [
    (
        "PERF-FLORAL",
        "Perfume floral Aurora",
        "perfumaria",
        "33030010",
        "30ml:119.90 50ml:169.90 100ml:249.90",
    ),
    ("PERF-AMAD", "Perfume amadeirado Aurora", "perfumaria", "33030010", "50ml:179.90 100ml:259.90"),
    ("COLONIA", "Colônia cítrica", "perfumaria", "33030020", "100ml:69.90 200ml:99.90"),
    ("BODY-SPLASH", "Body splash", "perfumaria", "33030020", "200ml:49.90"),
    ("BATOM", "Batom matte", "maquiagem", "33041000", "nude:39.90 rosa:39.90 vinho:39.90 coral:39.90"),
    ("GLOSS", "Gloss labial", "maquiagem", "33041000", "cristal:29.90 pêssego:29.90"),
    ("BASE", "Base líquida", "maquiagem", "33049990", "clara:59.90 média:59.90 escura:59.90"),
    ("RIMEL", "Máscara de cílios", "maquiagem", "33042010", "preta:49.90 marrom:49.90"),
    ("PO", "Pó compacto", "maquiagem", "33049100", "claro:44.90 médio:44.90 escuro:44.90"),
    ("ESMALTE", "Esmalte cremoso", "maquiagem", "33043000", "vermelho:7.90 nude:7.90 preto:7.90 lilás:7.90"),
    ("XAMPU", "Xampu hidratante", "cabelos", "33051000", "300ml:24.90 500ml:36.90 1l:59.90"),
    ("CONDIC", "Condicionador hidratante", "cabelos", "33059000", "300ml:26.90 500ml:38.90 1l:62.90"),
    ("MASCARA-CAP", "Máscara capilar", "cabelos", "33059000", "250g:42.90 500g:69.90"),
    ("OLEO-CAP", "Óleo capilar", "cabelos", "33059000", "60ml:39.90 100ml:54.90"),
    (
        "COLORACAO",
        "Coloração permanente",
        "cabelos",
        "33059000",
        "castanho:29.90 loiro:29.90 preto:29.90 ruivo:29.90",
    ),
    ("PROTETOR", "Protetor solar facial FPS 50", "dermocosmeticos", "33049990", "50g:74.90 120g:99.90"),
    ("VITAMINA-C", "Sérum de vitamina C", "dermocosmeticos", "33049910", "30ml:129.90 50ml:179.90"),
    ("HIDRATANTE", "Hidratante facial", "dermocosmeticos", "33049910", "50g:89.90 100g:139.90"),
    ("AGUA-MICELAR", "Água micelar", "dermocosmeticos", "33049990", "200ml:39.90 400ml:59.90"),
    ("LIMPEZA", "Gel de limpeza facial", "dermocosmeticos", "34013000", "150g:49.90 300g:79.90"),
    ("SABONETE", "Sabonete em barra", "higiene", "34011190", "lavanda:3.99 aveia:3.99 erva-doce:3.99"),
    ("SAB-LIQ", "Sabonete líquido", "higiene", "34013000", "250ml:12.90 500ml:21.90"),
    ("CREME-DENTAL", "Creme dental", "higiene", "33061000", "90g:6.49 180g:10.90"),
    ("ESCOVA", "Escova dental macia", "higiene", "96032100", "1un:9.90 3un:22.90"),
    ("FIO-DENTAL", "Fio dental", "higiene", "33062000", "50m:8.90 100m:13.90"),
    ("DESODORANTE", "Desodorante roll-on", "higiene", "33072010", "neutro:14.90 sport:14.90 floral:14.90"),
    ("ABSORVENTE", "Absorvente com abas", "higiene", "96190000", "8un:7.90 16un:13.90 32un:24.90"),
    ("ALGODAO", "Algodão em disco", "higiene", "30059090", "50un:6.90 100un:11.90"),
    ("VIT-D", "Vitamina D 2.000 UI", "vitaminas", "21069030", "30cap:34.90 60cap:59.90"),
    ("VIT-C1G", "Vitamina C 1 g efervescente", "vitaminas", "21069030", "10cp:12.90 30cp:32.90"),
    ("OMEGA-3", "Ômega 3", "vitaminas", "21069030", "60cap:54.90 120cap:94.90"),
    ("COLAGENO", "Colágeno hidrolisado", "vitaminas", "21069090", "250g:69.90 500g:119.90"),
    ("WHEY", "Whey protein baunilha", "vitaminas", "21061000", "450g:119.90 900g:199.90"),
    ("MULTIVIT", "Multivitamínico", "vitaminas", "21069030", "30cp:39.90 90cp:89.90"),
    ("FRALDA", "Fralda descartável", "bebe", "96190000", "P:44.90 M:49.90 G:54.90 XG:59.90"),
    ("LENCO", "Lenço umedecido", "bebe", "34011900", "48un:9.90 96un:16.90"),
    ("POMADA", "Pomada para assaduras", "bebe", "30049099", "45g:19.90 90g:32.90"),
    ("TALCO", "Talco infantil", "bebe", "33049100", "100g:11.90 200g:18.90"),
    ("MAMADEIRA", "Mamadeira", "bebe", "39241000", "150ml:29.90 260ml:36.90"),
    ("XAMPU-BEBE", "Xampu infantil", "bebe", "33051000", "200ml:17.90 400ml:29.90"),
]
GIFTS = [
    ("BOTTON", "Botton Aurora", "acessorios", "71171900", "4.90"),
    ("ECOBAG", "Ecobag Aurora", "acessorios", "42029200", "19.90"),
    ("NECESSAIRE", "Nécessaire Aurora", "acessorios", "42021210", "29.90"),
]
# Product codes that were dearer before: the price of the tag is struck through at the till.
REDUCED = {"VEST-FLOR": "249.90", "TENIS-CASUAL": "249.90", "COLAGENO": "129.90", "BODY-SPLASH": "64.90"}
NOT_DISCOUNTABLE = {"FRALDA", "POMADA"}


def category_rows() -> list[dict[str, Any]]:
    return [{"code": code, "name": name, "parent": parent} for code, name, parent in CATEGORIES]


def product_rows() -> list[dict[str, Any]]:
    """Return the rows of all products, each with a valid EAN-13 barcode."""
    rows = [*_clothes(), *_bottles(), *_gifts()]
    return [{**row, "barcode": ean13(f"7899{number:08d}")} for number, row in enumerate(rows, start=1)]


def ean13(body: str) -> str:
    """Return twelve digits with their check digit."""
    total = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(body))
    return f"{body}{-total % 10}"


def _clothes() -> Iterator[dict[str, Any]]:
    for code, name, category, ncm, price, colours, sizes in CLOTHES:
        for colour in colours.split():
            for size in sizes.split():
                shown = f"{name} {COLOURS[colour]}" + ("" if size == "U" else f" {size}")
                yield _row(f"{code}-{colour}-{size}", code, shown, category, ncm, price)


def _bottles() -> Iterator[dict[str, Any]]:
    for code, name, category, ncm, variants in BOTTLES:
        for place, variant in enumerate(variants.split(), start=1):
            volume, price = variant.split(":")
            yield _row(f"{code}-{place}", code, f"{name} {volume}", category, ncm, price)


def _gifts() -> Iterator[dict[str, Any]]:
    for code, name, category, ncm, price in GIFTS:
        yield _row(code, code, name, category, ncm, price)


def _row(sku: str, code: str, name: str, category: str, ncm: str, price: str) -> dict[str, Any]:
    row: dict[str, Any] = {
        "sku": sku,
        "code": code,
        "name": name,
        "category": category,
        "ncm": ncm,
        "price": price,
        "cost": _cost(code, price),
        "discountable": code not in NOT_DISCOUNTABLE,
    }
    if code in REDUCED:
        row["original_price"] = REDUCED[code]
    return row


def _cost(code: str, price: str) -> str:
    """Return what the chain paid for it: 38 to 57 % of the price, another share for each product."""
    share = 38 + sum(map(ord, code)) % 20
    return money.text(money.percent_of(money.parse(price), share * 10_000))
