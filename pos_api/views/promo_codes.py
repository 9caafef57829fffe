"""The codes of a pool: made at random, read from a list, one for each customer, added as a word; looked up and closed."""

import io
from typing import Annotated, Any, ClassVar

from django.http import HttpResponse, StreamingHttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from msgspec import UNSET, Meta, Struct, UnsetType
from rest_framework.request import Request

from campaigns import selectors
from campaigns.models import CodeState, PromoCode, PromoCodeImport, PromoCodePool
from campaigns.services import promo_code_files as files
from campaigns.services import promo_code_imports, promo_code_jobs
from campaigns.services import promo_codes as services
from pos_api.decoding import MAX_BULK_BODY, Decoder
from pos_api.fields import Moment, ShortText, Word
from pos_api.openapi import PAGE_PARAMETERS, Json, operation, page_of, query
from pos_api.pagination import paginated
from pos_api.problems import NotFound, invalid_field
from pos_api.views.base import Body, ManagerView, answer
from pos_api.views.jobs import JOB
from pos_api.views.promo_code_pools import CHANGE, TAG, VIEW, Uses, accepted, find
from pos_api.views.resources import user_of
from retail import codes


class CodeTermsBody(Struct, forbid_unknown_fields=True, kw_only=True):
    """What holds for the codes that are made; what is absent comes from the pool. A `max_uses` of null is without limit."""

    max_uses: Uses | UnsetType | None = UNSET
    max_uses_per_customer: Uses | UnsetType | None = UNSET
    starts_at: Moment | None = None
    expires_at: Moment | UnsetType | None = UNSET

    def terms(self, pool: PromoCodePool, *, at: Any) -> services.Terms:
        usual = services.pool_terms(pool, at=at)
        return services.Terms(
            max_uses=usual.max_uses if self.max_uses is UNSET else self.max_uses,
            max_uses_per_customer=usual.max_uses_per_customer
            if self.max_uses_per_customer is UNSET
            else self.max_uses_per_customer,
            starts_at=self.starts_at,
            expires_at=usual.expires_at if self.expires_at is UNSET else self.expires_at,
        )


class GenerateBody(CodeTermsBody, kw_only=True):
    """`customer` is a document, code or card: then nobody else can use the codes."""

    count: Annotated[int, Meta(ge=1, le=services.MOST_BY_JOB)]
    customer: ShortText = ""
    background: bool = False


class GenerateForMembersBody(CodeTermsBody, kw_only=True):
    """One code for each member of a grouping of customers; `only_missing` skips whoever has a usable one of this pool."""

    grouping: ShortText
    only_missing: bool = True


class ImportBody(CodeTermsBody, kw_only=True):
    """Each of `lines` is a code, optionally followed by `;` and the customer that it is for."""

    lines: Annotated[
        list[Annotated[str, Meta(max_length=200)]], Meta(min_length=1, max_length=services.MOST_BY_JOB)
    ]
    dry_run: bool = False
    background: bool = False


class WordBody(CodeTermsBody, kw_only=True):
    code: Word


class CodeChange(Struct, forbid_unknown_fields=True, kw_only=True):
    active: bool | UnsetType = UNSET


_CODE: Json = {
    "type": "object",
    "properties": {
        "code": {"type": "string", "examples": ["NATAL-7GK2-M0ZD-9QWT-31HX"]},
        "customer": {"type": ["string", "null"], "description": "The chain's own code of the customer."},
        "state": {"enum": CodeState.values, "description": "Why it is not usable, for managers."},
        "revision": {
            "type": ["integer", "null"],
            "description": "Number of the campaign's revision whose terms it keeps.",
        },
        "max_uses": {"type": ["integer", "null"]},
        "max_uses_per_customer": {"type": ["integer", "null"]},
        "used": {"type": "integer"},
        "starts_at": {"type": ["string", "null"], "format": "date-time"},
        "expires_at": {"type": ["string", "null"], "format": "date-time"},
        "active": {"type": "boolean"},
    },
}


def represent_code(code: PromoCode, pool: PromoCodePool) -> Json:
    return {
        "code": code.code,
        "customer": code.customer.code if code.customer else None,
        "state": str(code.state(at=timezone.now(), pool=pool)),
        "revision": code.revision.number if code.revision else None,
        "max_uses": code.max_uses,
        "max_uses_per_customer": code.max_uses_per_customer,
        "used": code.used,
        "starts_at": code.starts_at,
        "expires_at": code.expires_at,
        "active": code.is_active,
    }


class GenerateView(ManagerView):
    permissions = {"POST": CHANGE}
    body: ClassVar[Body[GenerateBody]] = Body(Decoder(GenerateBody))

    @operation(
        id="generate_promo_codes",
        tag=TAG,
        summary="Make up to 1,000,000 random codes",
        description="Up to 10,000 are answered at once; more, or with `background`, are made by a job (202). By default each "
        "has 75 random bits and a check symbol that finds typing errors.",
        request=GenerateBody,
        responses={
            201: {"type": "object", "properties": {"codes": {"type": "array", "items": {"type": "string"}}}},
            202: JOB,
        },
        examples={
            "A thousand codes, one use each": {"count": 1000, "expires_at": "2026-12-26T00:00:00-03:00"},
            "A million": {"count": 1000000},
        },
        answer={"codes": ["NATAL-7GK2-M0ZD-9QWT-31HX"]},
    )
    def post(self, request: Request, code: str) -> HttpResponse:
        pool, at = find(code), timezone.now()
        body = self.body.read(request)
        terms = body.terms(pool, at=at)
        if body.background or body.count > services.MOST_AT_ONCE:
            user = user_of(request)
            return accepted(
                promo_code_jobs.request_generation(
                    pool=pool, count=body.count, terms=terms, customer=body.customer, user=user, at=at
                )
            )
        customer = services.customer_named(body.customer)
        made = services.generate_codes(pool=pool, count=body.count, terms=terms, customer=customer, at=at)
        return answer({"codes": made}, 201)


class GenerateForMembersView(ManagerView):
    permissions = {"POST": (*CHANGE, "customers.view_customer")}
    body: ClassVar[Body[GenerateForMembersBody]] = Body(Decoder(GenerateForMembersBody))

    @operation(
        id="generate_promo_codes_for_members",
        tag=TAG,
        summary="Make one code for each customer of a grouping",
        description="A job. Nobody else can use a customer's code.",
        request=GenerateForMembersBody,
        responses={202: JOB},
        examples={"For the VIPs": {"grouping": "vip"}},
    )
    def post(self, request: Request, code: str) -> HttpResponse:
        pool, at = find(code), timezone.now()
        body = self.body.read(request)
        return accepted(
            promo_code_jobs.request_generation_for_members(
                pool=pool,
                grouping=body.grouping,
                terms=body.terms(pool, at=at),
                only_missing=body.only_missing,
                user=user_of(request),
                at=at,
            )
        )


_IMPORTED: Json = {
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
                        "enum": ["good", "created", "repeated", "invalid", "taken", "customer_unknown"]
                    },
                },
            },
        },
    },
}


class ImportView(ManagerView):
    permissions = {"POST": CHANGE}
    body: ClassVar[Body[ImportBody]] = Body(Decoder(ImportBody), MAX_BULK_BODY)

    @operation(
        id="import_promo_codes",
        tag=TAG,
        summary="Add up to 1,000,000 codes that were made elsewhere",
        description="Up to 10,000 lines are answered at once, one result a line; `dry_run` adds nothing and says what would "
        "become of each. More, or with `background`, are checked and added by a job (202), whose `result` counts them and whose "
        "`arguments.import` names the list of those that were refused. A list that the pool has seen is not taken again.",
        request=ImportBody,
        responses={200: _IMPORTED, 202: JOB},
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
        problems={409: "`imported_already`"},
    )
    def post(self, request: Request, code: str) -> HttpResponse:
        pool, at = find(code), timezone.now()
        body = self.body.read(request)
        terms = body.terms(pool, at=at)
        lines = [line.replace("\n", " ").replace("\r", " ") for line in body.lines]
        if len(lines) <= services.MOST_AT_ONCE and not (body.background and not body.dry_run):
            results = files.import_codes(
                pool=pool, text="\n".join(lines), terms=terms, at=at, only_check=body.dry_run
            )
            return answer({"summary": files.import_summary(results), "results": results})
        _source, job = promo_code_imports.receive_file(
            pool=pool,
            name="",
            file=io.BytesIO("\n".join(lines).encode()),
            terms=terms,
            add=not body.dry_run,
            user=user_of(request),
            at=at,
        )
        if job is None:
            raise promo_code_imports.refusals.ImportDone("lines")
        return accepted(job)


class ImportRefusedView(ManagerView):
    permissions = {"GET": VIEW}

    @operation(
        id="list_refused_promo_codes",
        tag=TAG,
        summary="Download the lines of an import that were refused, as CSV",
        responses={200: None},
    )
    def get(self, request: Request, code: str, pk: int) -> StreamingHttpResponse:
        source = PromoCodeImport.objects.filter(pool=find(code), pk=pk).first()
        if source is None:
            raise NotFound
        return StreamingHttpResponse(
            promo_code_imports.refused_lines(source),
            content_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": f'attachment; filename="{code}-{pk}.csv"'},
        )


class CodesView(ManagerView):
    permissions = {"GET": VIEW, "POST": CHANGE}
    body: ClassVar[Body[WordBody]] = Body(Decoder(WordBody))

    @operation(
        id="list_promo_codes",
        tag=TAG,
        summary="List the codes of a pool",
        parameters=(
            *PAGE_PARAMETERS,
            query("q", "The beginning of a code."),
            query("state", "Only codes in this state.", {"enum": CodeState.values}),
        ),
        responses={200: page_of(_CODE)},
    )
    def get(self, request: Request, code: str) -> HttpResponse:
        pool = find(code)
        rows = pool.codes.select_related("customer", "revision")
        beginning = codes.normalize(request.query_params.get("q", "")[:64])
        if beginning:
            rows = rows.filter(code__startswith=beginning)
        rows = selectors.codes_in_state(rows, request.query_params.get("state", ""), at=timezone.now())
        ordering = ("code",) if beginning else ("pk",)
        return paginated(request, rows, lambda row: represent_code(row, pool), ordering=ordering)

    @operation(
        id="add_promo_code",
        tag=TAG,
        summary="Add one word that people remember",
        request=WordBody,
        responses={201: _CODE},
        examples={"For everybody, without limit": {"code": "NATAL10", "max_uses": None}},
        problems={409: "`code_taken`"},
    )
    def post(self, request: Request, code: str) -> HttpResponse:
        pool, at = find(code), timezone.now()
        body = self.body.read(request)
        word = services.add_word(pool=pool, word=body.code, terms=body.terms(pool, at=at), at=at)
        return answer(represent_code(word, pool), 201)


class CodeView(ManagerView):
    permissions = {"GET": VIEW, "PATCH": ("campaigns.change_promocode",)}
    body: ClassVar[Body[CodeChange]] = Body(Decoder(CodeChange))

    @operation(
        id="read_promo_code",
        tag=TAG,
        summary="Read one code, with the reason why it is not usable",
        responses={200: _CODE},
    )
    def get(self, request: Request, code: str, word: str) -> HttpResponse:
        pool = find(code)
        return answer(represent_code(self.find_code(pool, word), pool))

    @operation(
        id="change_promo_code",
        tag=TAG,
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
        self.find_code(pool, word)
        changed = services.set_code_active(code=word, active=bool(body.active))
        return answer(represent_code(changed, pool))

    def find_code(self, pool: PromoCodePool, word: str) -> PromoCode:
        found = (
            pool.codes.select_related("customer", "revision")
            .filter(code=codes.normalize(word.replace("\x00", "")))
            .first()
        )
        if found is None:
            raise NotFound
        return found
