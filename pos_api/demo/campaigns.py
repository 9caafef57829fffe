"""The demonstration's campaigns: one of each kind that a manager knows, with Brazilian names."""

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib.auth.models import User

from campaigns.models import Campaign, CampaignCategory, PromoCodePool
from campaigns.services import campaigns, categories, promo_code_pools, promo_codes
from pos_api.demo.chain import ONLINE_STORE

ZONE = ZoneInfo("America/Sao_Paulo")
# The campaigns began before the first of the recorded sales.
STARTED_DAYS_AGO = 40

CATEGORIES = {
    "permanentes": "Permanentes",
    "descontos-especiais": "Descontos especiais",
    "relacionamento": "Relacionamento",
    "sazonais": "Promoções sazonais",
}


def _product(by: str, *values: str) -> dict[str, Any]:
    return {"kind": "product", "by": by, "values": list(values)}


def _in_grouping(code: str) -> dict[str, Any]:
    return {"kind": "customer", "attribute": "groupings", "operator": "in", "value": [code]}


# Priority 0 applies first, to single products; then come discounts on the whole sale. Of the personal ones (birthday,
# code, first purchase) a sale gets one, and nothing else on the whole sale.
PUBLISHED: list[dict[str, Any]] = [
    {
        "code": "LEVE3PAGUE2",
        "name": "Meias: leve 3, pague 2",
        "description": "A cada 3 meias, a mais barata sai de graça.",
        "category": "permanentes",
        "conditions": _product("category", "meias"),
        "benefits": [{"kind": "multibuy", "take": 3, "discounted": 1, "percent": "100", "pick": "lowest"}],
    },
    {
        "code": "SEGUNDO-50",
        "name": "Cabelos: segundo item com 50%",
        "description": "Na compra de dois produtos para cabelos, o segundo sai pela metade.",
        "category": "permanentes",
        "conditions": _product("category", "cabelos"),
        "benefits": [{"kind": "multibuy", "take": 2, "discounted": 1, "percent": "50", "pick": "lowest"}],
    },
    {
        "code": "BATOM-29",
        "name": "Batom matte por R$ 29,90",
        "description": "Qualquer cor de batom matte por R$ 29,90.",
        "category": "descontos-especiais",
        "conditions": _product("code", "BATOM"),
        "benefits": [{"kind": "item_final_price", "price": "29.90"}],
    },
    {
        "code": "BERMUDA-15",
        "name": "R$ 15 de desconto na bermuda",
        "description": "Cada bermuda de moletom com R$ 15 de desconto.",
        "category": "sazonais",
        "conditions": _product("ncm", "61034200"),
        "benefits": [{"kind": "item_amount", "amount": "15.00"}],
    },
    {
        "code": "INVERNO20",
        "name": "Produtos Inverno com 20%",
        "description": "20% em casacos, tricôs e moletons que ainda não estão em promoção.",
        "category": "sazonais",
        "conditions": _product("grouping", "produtos-inverno"),
        "skip_discounted": True,
        "benefits": [{"kind": "item_percent", "percent": "20.00"}],
    },
    {
        "code": "HAPPYHOUR",
        "name": "Happy hour da maquiagem",
        "description": "De segunda a sexta, das 17h às 20h: 15% em maquiagem.",
        "category": "descontos-especiais",
        "schedule": {"weekdays": [1, 2, 3, 4, 5], "from": "17:00", "until": "20:00"},
        "conditions": _product("category", "maquiagem"),
        "benefits": [{"kind": "item_percent", "percent": "15.00"}],
    },
    {
        "code": "NORTE12",
        "name": "Perfumaria com 12% nas lojas do Norte",
        "description": "Perfumes e colônias com 12%, só em Manaus e Rio Branco.",
        "category": "sazonais",
        "stores": ["grouping:norte"],
        "conditions": _product("category", "perfumaria"),
        "benefits": [{"kind": "item_percent", "percent": "12.00"}],
    },
    {
        "code": "BOTTON",
        "name": "Compre 2 camisetas e ganhe um botton",
        "description": "Na compra de 2 camisetas básicas, escolha um brinde.",
        "category": "permanentes",
        "conditions": _product("code", "CAM-BASICA"),
        "minimum_quantity": "2",
        "benefits": [{"kind": "gift", "products": [{"sku": "BOTTON"}, {"sku": "ECOBAG"}], "choose": 1}],
    },
    {
        "code": "VITAMINAS",
        "name": "Vitaminas: quanto mais, mais desconto",
        "description": "2 unidades: 10%. 3 ou mais: 20%.",
        "category": "permanentes",
        "conditions": _product("category", "vitaminas"),
        "limits": [{"scope": "customer", "counts": "sale", "max": 2, "per": "month"}],
        "benefits": [
            {
                "kind": "progressive",
                "by": "quantity",
                "on": "order",
                "tiers": [{"from": "2", "percent": "10"}, {"from": "3", "percent": "20"}],
            }
        ],
    },
    {
        "code": "VIP8",
        "name": "Clientes VIP: 8% em toda a loja",
        "description": "Obrigado por estar sempre conosco.",
        "category": "relacionamento",
        "priority": 18,
        "exchange": "net",
        "conditions": _in_grouping("vip"),
        "benefits": [{"kind": "order_percent", "percent": "8.00"}],
    },
    {
        "code": "PRIMEIRA10",
        "name": "10% na primeira compra",
        "description": "Boas-vindas: 10% na sua primeira compra.",
        "category": "relacionamento",
        "priority": 14,
        "combinable_order_discount": False,
        "conditions": {"kind": "first_purchase"},
        "benefits": [{"kind": "order_percent", "percent": "10.00", "max_amount": "50.00"}],
    },
    {
        "code": "ANIVERSARIO15",
        "name": "Aniversariante da semana: 15%",
        "description": "Feliz aniversário! 15% na semana do seu aniversário.",
        "category": "relacionamento",
        "priority": 10,
        "combinable_order_discount": False,
        "requires_consent": "promotions",
        "limits": [{"scope": "customer", "counts": "sale", "max": 1, "per": "year"}],
        "conditions": {"kind": "birthday", "unit": "week", "which": "current", "tolerance_days": 2},
        "benefits": [{"kind": "order_percent", "percent": "15.00", "max_amount": "100.00"}],
    },
    {
        "code": "BEMVINDO20",
        "name": "Código BEMVINDO: R$ 20",
        "description": "R$ 20 de desconto com o código BEMVINDO em compras de R$ 100.",
        "category": "relacionamento",
        "priority": 12,
        "combinable_order_discount": False,
        "minimum_amount": "100.00",
        "limits": [{"scope": "customer", "counts": "sale", "max": 1, "per": "campaign"}],
        "conditions": {"kind": "promo_code", "pool": "bemvindo"},
        "benefits": [{"kind": "order_amount", "amount": "20.00"}],
    },
    {
        "code": "VOLTE10",
        "name": "Volte e ganhe 10%",
        "description": "10% com o código que você recebeu por mensagem.",
        "category": "relacionamento",
        "priority": 16,
        "combinable_order_discount": False,
        "conditions": {"kind": "promo_code", "pool": "volte"},
        "benefits": [{"kind": "order_percent", "percent": "10.00"}],
    },
    {
        "code": "ACIMA200",
        "name": "Acima de R$ 200, ganhe R$ 20",
        "description": "R$ 20 de desconto em compras a partir de R$ 200.",
        "category": "permanentes",
        "priority": 20,
        "minimum_amount": "200.00",
        "budget": "20000.00",
        "benefits": [{"kind": "order_amount", "amount": "20.00"}],
    },
    {
        "code": "PIX5",
        "name": "5% no Pix",
        "description": "Pague com Pix e ganhe 5%.",
        "category": "permanentes",
        "priority": 30,
        "conditions": {"kind": "payment", "methods": ["pix"]},
        "benefits": [{"kind": "order_percent", "percent": "5.00"}],
    },
    {
        "code": "FUNCIONARIO30",
        "name": "Funcionários: 30%",
        "description": "30% para funcionários. Não acumula com outras campanhas.",
        "category": "relacionamento",
        "exclusive": True,
        "conditions": _in_grouping("funcionarios"),
        "limits": [{"scope": "customer", "counts": "sale", "max": 4, "per": "month"}],
        "benefits": [{"kind": "order_percent", "percent": "30.00", "max_amount": "300.00"}],
    },
    {
        "code": "CORTESIA",
        "name": "Cortesia da gerência: 10%",
        "description": "O operador decide; até 5 vezes por dia em cada loja.",
        "category": "relacionamento",
        "priority": 40,
        "optional": True,
        "limits": [{"scope": "store", "counts": "sale", "max": 5, "per": "day"}],
        "benefits": [{"kind": "order_percent", "percent": "10.00", "max_amount": "30.00"}],
    },
    {
        "code": "FRETE-ONLINE",
        "name": "Frete grátis na loja online",
        "description": "Compras online a partir de R$ 150 não pagam frete.",
        "category": "permanentes",
        "stores": [ONLINE_STORE[0]],
        "minimum_amount": "150.00",
        "benefits": [{"kind": "freight_percent", "percent": "100"}],
    },
    {
        "code": "CADASTRO",
        "name": "Atualize seu cadastro",
        "description": "Peça e-mail e telefone ao cliente. Campanha sem benefício.",
        "category": "relacionamento",
        "conditions": {
            "kind": "customer",
            "attribute": "groupings",
            "operator": "in",
            "value": ["clube-aurora"],
        },
        "benefits": [],
    },
]
DRAFTS: list[dict[str, Any]] = [
    {
        "code": "NATAL25",
        "name": "Natal: 25% em acessórios",
        "description": "Rascunho para o Natal.",
        "category": "sazonais",
        "conditions": _product("category", "acessorios"),
        "benefits": [{"kind": "item_percent", "percent": "25.00"}],
    },
]
PAUSED = {
    "code": "CHINELO2",
    "name": "2 chinelos por R$ 50",
    "description": "Pausada até chegar o novo estoque.",
    "category": "sazonais",
    "conditions": _product("code", "CHINELO"),
    "benefits": [{"kind": "bundle_price", "take": 2, "price": "50.00"}],
}
# code, name, campaign, for automations
POOLS = [
    ("bemvindo", "Boas-vindas", "BEMVINDO20", False),
    ("volte", "Volte (mensagens automáticas)", "VOLTE10", True),
]
WORDS = {"bemvindo": ["BEMVINDO"], "volte": []}


def build_campaigns(*, user: User, at: datetime) -> PromoCodePool:
    """Create, publish and pause what is missing; return the pool from which messages take their codes."""
    for code, name in CATEGORIES.items():
        if not CampaignCategory.objects.filter(code=code).exists():
            categories.create_category(code=code, name=name)
    present = set(Campaign.objects.values_list("code", flat=True))
    for document in [*PUBLISHED, PAUSED]:
        if document["code"] not in present:
            publish(document, user=user, at=at)
    if PAUSED["code"] not in present:
        campaigns.pause_campaign(code=str(PAUSED["code"]), user=user, at=at)
    for document in DRAFTS:
        if document["code"] not in present:
            campaigns.create_campaign(document=document, user=user, at=at)
    return _build_pools(user=user, at=at)


def publish(document: Mapping[str, Any], *, user: User, at: datetime) -> None:
    first_day = at.astimezone(ZONE).date() - timedelta(days=STARTED_DAYS_AGO)
    starts_at = datetime.combine(first_day, time(0), ZONE)
    campaigns.create_campaign(
        document={**document, "starts_at": starts_at.isoformat()}, publish=True, user=user, at=at
    )


def _build_pools(*, user: User, at: datetime) -> PromoCodePool:
    for code, name, campaign, for_automations in POOLS:
        if PromoCodePool.objects.filter(code=code).exists():
            continue
        settings = promo_code_pools.PoolSettings(
            name=name, campaign=campaign, for_automations=for_automations, prefix=code[:4]
        )
        pool = promo_code_pools.create_pool(code=code, settings=settings, user=user, at=at)
        for word in WORDS[code]:
            promo_codes.add_word(pool=pool, word=word, terms=promo_codes.Terms(max_uses=None), at=at)
        if not for_automations:
            promo_codes.generate_codes(pool=pool, count=20, terms=promo_codes.Terms(), at=at)
    return PromoCodePool.objects.get(for_automations=True)
