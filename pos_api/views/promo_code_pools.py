"""Pools of promotional codes: make them by the thousand, import them, export them, close single ones."""

from typing import Annotated, ClassVar

from django.http import HttpResponse, StreamingHttpResponse
from django.utils.translation import gettext as _
from msgspec import UNSET, Meta, Struct, UnsetType
from rest_framework.request import Request

from campaigns import codes, selectors
from campaigns.models import PromoCode, PromoCodePool
from campaigns.services import promo_code_files as files
from campaigns.services import promo_codes as services
from pos_api.decoding import MAX_BULK_BODY, Decoder
from pos_api.fields import Moment, ShortText, Slug, Word
from pos_api.openapi import PAGE_PARAMETERS, Json, operation, page_of, query
from pos_api.pagination import paginated
from pos_api.problems import NotFound, invalid_field
from pos_api.views.base import Body, ManagerView, answer, no_content

Name = Annotated[str, Meta(min_length=1, max_length=120)]
Prefix = Annotated[str, Meta(max_length=16, pattern=r"^[A-Za-z0-9]*$")]
Uses = Annotated[int, Meta(ge=1, le=1_000_000_000)]


class PromoCodePoolBody(Struct, forbid_unknown_fields=True, kw_only=True):
    """A pool opens `campaign` with any of its codes; `prefix` stands before generated ones."""

    code: Slug
    name: Name
    campaign: Slug | None = None
    prefix: Prefix = ""
    for_automations: bool = False


class PromoCodePoolChange(Struct, forbid_unknown_fields=True, kw_only=True):
    name: Name
    campaign: Slug | None = None
    prefix: Prefix = ""
    for_automations: bool = False


class CodeTermsBody(Struct, forbid_unknown_fields=True, kw_only=True):
    """What holds for the codes that are made: `max_uses` null is without limit."""

    max_uses: Uses | None = 1
    starts_at: Moment | None = None
    expires_at: Moment | None = None

    @property
    def terms(self) -> services.Terms:
        return services.Terms(max_uses=self.max_uses, starts_at=self.starts_at, expires_at=self.expires_at)


class GenerateBody(CodeTermsBody, kw_only=True):
    """`customer` is a document, code or card: then nobody else can use the codes."""

    count: Annotated[int, Meta(ge=1, le=services.MOST_AT_ONCE)]
    customer: ShortText = ""


class ImportBody(CodeTermsBody, kw_only=True):
    """Each of `lines` is a code, optionally followed by `;` and the customer that it is for."""

    lines: Annotated[
        list[Annotated[str, Meta(max_length=200)]], Meta(min_length=1, max_length=services.MOST_AT_ONCE)
    ]


class WordBody(CodeTermsBody, kw_only=True):
    code: Word


class CodeChange(Struct, forbid_unknown_fields=True, kw_only=True):
    active: bool | UnsetType = UNSET


POOL_EXAMPLE: Json = {"code": "natal", "name": "Natal 2026", "campaign": "NATAL10", "prefix": "NATAL"}
_POOL: Json = {
    "type": "object",
    "properties": {
        "code": {"type": "string"},
        "name": {"type": "string"},
        "campaign": {"type": ["string", "null"]},
        "prefix": {"type": "string"},
        "for_automations": {"type": "boolean"},
        "codes": {"type": "integer", "description": "How many codes it has."},
        "uses": {"type": "integer", "description": "How often they were used."},
    },
}
_CODE: Json = {
    "type": "object",
    "properties": {
        "code": {"type": "string", "examples": ["NATAL-7GK2-M0ZD-9QWT-31HX"]},
        "customer": {"type": ["string", "null"], "description": "The chain's own code of the customer."},
        "max_uses": {"type": ["integer", "null"]},
        "used": {"type": "integer"},
        "starts_at": {"type": ["string", "null"], "format": "date-time"},
        "expires_at": {"type": ["string", "null"], "format": "date-time"},
        "active": {"type": "boolean"},
    },
}
VIEW = ("campaigns.view_promocodepool",)
CHANGE = ("campaigns.change_promocodepool", "campaigns.add_promocode")


def represent(pool: PromoCodePool) -> Json:
    return {
        "code": pool.code,
        "name": pool.name,
        "campaign": pool.campaign.code if pool.campaign else None,
        "prefix": pool.pattern,
        "for_automations": pool.for_automations,
        "codes": pool.code_count,  # type: ignore[attr-defined]
        "uses": pool.use_count,  # type: ignore[attr-defined]
    }


def represent_code(code: PromoCode) -> Json:
    return {
        "code": code.code,
        "customer": code.customer.code if code.customer else None,
        "max_uses": code.max_uses,
        "used": code.used,
        "starts_at": code.starts_at,
        "expires_at": code.expires_at,
        "active": code.is_active,
    }


def find(code: str) -> PromoCodePool:
    pool = selectors.promo_code_pools().filter(code=code).first()
    if pool is None:
        raise NotFound
    return pool


class PromoCodePoolsView(ManagerView):
    permissions = {"GET": VIEW, "POST": ("campaigns.add_promocodepool",)}
    body: ClassVar[Body[PromoCodePoolBody]] = Body(Decoder(PromoCodePoolBody))

    @operation(
        id="list_promo_code_pools",
        tag="Promotional codes",
        summary="List pools",
        parameters=(
            *PAGE_PARAMETERS,
            query("q", "Part of code or name."),
            query("campaign", "Code of the campaign that they open."),
        ),
        responses={200: page_of(_POOL)},
    )
    def get(self, request: Request) -> HttpResponse:
        given = request.query_params
        pools = selectors.promo_code_pools(q=given.get("q", "")[:100], campaign=given.get("campaign", ""))
        return paginated(request, pools, represent, ordering=("code",))

    @operation(
        id="create_promo_code_pool",
        tag="Promotional codes",
        summary="Create a pool",
        request=PromoCodePoolBody,
        responses={201: _POOL},
        examples={"Christmas": POOL_EXAMPLE},
        answer={**POOL_EXAMPLE, "for_automations": False, "codes": 0, "uses": 0},
        problems={409: "`code_taken`"},
    )
    def post(self, request: Request) -> HttpResponse:
        body = self.body.read(request)
        services.create_pool(
            code=body.code,
            name=body.name,
            campaign=body.campaign,
            prefix=body.prefix,
            for_automations=body.for_automations,
        )
        return answer(represent(find(body.code)), 201)


class PromoCodePoolView(ManagerView):
    permissions = {
        "GET": VIEW,
        "PUT": ("campaigns.change_promocodepool",),
        "DELETE": ("campaigns.delete_promocodepool",),
    }
    body: ClassVar[Body[PromoCodePoolChange]] = Body(Decoder(PromoCodePoolChange))

    @operation(
        id="read_promo_code_pool", tag="Promotional codes", summary="Read a pool", responses={200: _POOL}
    )
    def get(self, request: Request, code: str) -> HttpResponse:
        return answer(represent(find(code)))

    @operation(
        id="change_promo_code_pool",
        tag="Promotional codes",
        summary="Change a pool; its codes stay",
        request=PromoCodePoolChange,
        responses={200: _POOL},
        examples={"Another campaign": {"name": "Natal 2026", "campaign": "NATAL15"}},
    )
    def put(self, request: Request, code: str) -> HttpResponse:
        pool = find(code)
        body = self.body.read(request)
        services.change_pool(
            pool=pool,
            name=body.name,
            campaign=body.campaign,
            prefix=body.prefix,
            for_automations=body.for_automations,
        )
        return answer(represent(find(code)))

    @operation(
        id="delete_promo_code_pool",
        tag="Promotional codes",
        summary="Delete a pool of which no code was used",
        responses={204: None},
        problems={409: "`pool_in_use`"},
    )
    def delete(self, request: Request, code: str) -> HttpResponse:
        services.delete_pool(pool=find(code))
        return no_content()


class GenerateView(ManagerView):
    permissions = {"POST": CHANGE}
    body: ClassVar[Body[GenerateBody]] = Body(Decoder(GenerateBody))

    @operation(
        id="generate_promo_codes",
        tag="Promotional codes",
        summary="Make up to 100,000 random codes",
        description="Each has 75 random bits and a check symbol that finds typing errors.",
        request=GenerateBody,
        responses={
            201: {"type": "object", "properties": {"codes": {"type": "array", "items": {"type": "string"}}}}
        },
        examples={
            "A thousand codes, one use each": {"count": 1000, "expires_at": "2026-12-26T00:00:00-03:00"}
        },
        answer={"codes": ["NATAL-7GK2-M0ZD-9QWT-31HX"]},
    )
    def post(self, request: Request, code: str) -> HttpResponse:
        pool = find(code)
        body = self.body.read(request)
        made = services.generate_codes(
            pool=pool, count=body.count, terms=body.terms, customer=services.customer_named(body.customer)
        )
        return answer({"codes": made}, 201)


class ImportView(ManagerView):
    permissions = {"POST": CHANGE}
    body: ClassVar[Body[ImportBody]] = Body(Decoder(ImportBody), MAX_BULK_BODY)

    @operation(
        id="import_promo_codes",
        tag="Promotional codes",
        summary="Add codes that were made elsewhere",
        request=ImportBody,
        responses={
            200: {
                "type": "object",
                "properties": {
                    "summary": {"type": "object", "additionalProperties": {"type": "integer"}},
                    "results": {
                        "type": "array",
                        "items": {
                            "type": "object",
                            "properties": {
                                "line": {"type": "integer", "description": "From 1."},
                                "code": {"type": "string"},
                                "result": {
                                    "enum": ["created", "repeated", "invalid", "taken", "customer_unknown"]
                                },
                            },
                        },
                    },
                },
            }
        },
        examples={
            "Two codes, one for a customer": {"lines": ["AMIGO1", "AMIGO2;390.533.447-05"], "max_uses": 1}
        },
        answer={
            "summary": {"created": 2},
            "results": [
                {"line": 1, "code": "AMIGO1", "result": "created"},
                {"line": 2, "code": "AMIGO2", "result": "created"},
            ],
        },
    )
    def post(self, request: Request, code: str) -> HttpResponse:
        pool = find(code)
        body = self.body.read(request)
        results = files.import_codes(pool=pool, text="\n".join(body.lines), terms=body.terms)
        return answer({"summary": files.import_summary(results), "results": results})


class ExportView(ManagerView):
    permissions = {"GET": VIEW}

    @operation(
        id="export_promo_codes",
        tag="Promotional codes",
        summary="Download the codes of a pool as CSV",
        responses={200: None},
    )
    def get(self, request: Request, code: str) -> StreamingHttpResponse:
        pool = find(code)
        return StreamingHttpResponse(
            files.export_codes(pool),
            content_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": f'attachment; filename="{pool.code}.csv"'},
        )


class CodesView(ManagerView):
    permissions = {"GET": VIEW, "POST": CHANGE}
    body: ClassVar[Body[WordBody]] = Body(Decoder(WordBody))

    @operation(
        id="list_promo_codes",
        tag="Promotional codes",
        summary="List the codes of a pool",
        parameters=(*PAGE_PARAMETERS, query("q", "The beginning of a code.")),
        responses={200: page_of(_CODE)},
    )
    def get(self, request: Request, code: str) -> HttpResponse:
        rows = find(code).codes.select_related("customer")
        beginning = codes.normalize(request.query_params.get("q", "")[:64])
        if beginning:
            rows = rows.filter(code__startswith=beginning)
        return paginated(request, rows, represent_code, ordering=("pk",))

    @operation(
        id="add_promo_code",
        tag="Promotional codes",
        summary="Add one word that people remember",
        request=WordBody,
        responses={201: _CODE},
        examples={"For everybody, without limit": {"code": "NATAL10", "max_uses": None}},
        problems={409: "`code_taken`"},
    )
    def post(self, request: Request, code: str) -> HttpResponse:
        pool = find(code)
        body = self.body.read(request)
        return answer(represent_code(services.add_word(pool=pool, word=body.code, terms=body.terms)), 201)


class CodeView(ManagerView):
    permissions = {"PATCH": ("campaigns.change_promocode",)}
    body: ClassVar[Body[CodeChange]] = Body(Decoder(CodeChange))

    @operation(
        id="change_promo_code",
        tag="Promotional codes",
        summary="Close or reopen one code",
        request=CodeChange,
        responses={200: _CODE},
        examples={"Close": {"active": False}},
    )
    def patch(self, request: Request, code: str, word: str) -> HttpResponse:
        pool = find(code)
        body = self.body.read(request)
        if body.active is UNSET:
            raise invalid_field("active", "required", _("This field is required."))
        if not pool.codes.filter(code=codes.normalize(word)).exists():
            raise NotFound
        return answer(represent_code(services.set_code_active(code=word, active=bool(body.active))))
