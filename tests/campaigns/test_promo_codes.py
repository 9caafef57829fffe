"""Codes and pools: how they look, what is refused, what is made at once, in and out as files."""

from datetime import UTC, datetime, timedelta

import pytest

from campaigns.models import CodeState, PoolTerms, PromoCode, PromoCodePool
from campaigns.services import promo_code_files as files
from campaigns.services import promo_code_pools as pools
from campaigns.services import promo_code_refusals as refusals
from campaigns.services import promo_codes as services
from campaigns.services.campaigns import pause_campaign
from customers.models import Customer
from retail import codes
from retail.models import Company
from tests.builders import build_campaign, build_customer, build_promo_code_pool, build_user

AT = datetime(2026, 11, 22, 10, 30, tzinfo=UTC)
ONCE = services.Terms()
PATTERNS = [
    codes.Pattern(),
    codes.Pattern("NATAL"),
    codes.Pattern("N", 12, "letters"),
    codes.Pattern("", 18, "digits"),
]


class TestPattern:
    def test_gives_75_random_bits_and_a_check_symbol_by_default(self):
        made = codes.Pattern().generate(500)

        assert len(set(made)) == 500
        assert all(len(code.replace("-", "")) == 16 for code in made)
        assert len(codes.Pattern().symbols) ** codes.Pattern().random_length == 2**75

    @pytest.mark.parametrize("pattern", PATTERNS)
    def test_makes_codes_that_it_recognises(self, pattern):
        made = pattern.generate(300)

        assert all(pattern.could_be(code) and codes.is_word(code) for code in made)
        assert {symbol for code in made for symbol in code.removeprefix(f"{pattern.prefix}-")} <= {
            *pattern.symbols,
            "-",
        }

    @pytest.mark.parametrize("pattern", PATTERNS)
    def test_one_wrong_symbol_never_passes(self, pattern):
        (code,) = pattern.generate(1)
        start = len(pattern.prefix) + bool(pattern.prefix)

        for place in range(start, len(code)):
            for symbol in pattern.symbols:
                other = code[:place] + symbol + code[place + 1 :]
                if code[place] != "-" and other != code:
                    assert not pattern.could_be(other)

    @pytest.mark.parametrize("pattern", PATTERNS)
    def test_uses_every_symbol_equally_often(self, pattern):
        # A remainder without rejection would favour the first symbols by a fifth and more.
        drawn = "".join(
            code.removeprefix(f"{pattern.prefix}-").replace("-", "")[:-1] for code in pattern.generate(4_000)
        )

        expected = len(drawn) / len(pattern.symbols)
        assert all(abs(drawn.count(symbol) - expected) < expected * 0.12 for symbol in pattern.symbols)

    def test_without_a_check_symbol_takes_any(self):
        pattern = codes.Pattern("", 8, "digits", has_check_symbol=False)

        assert pattern.random_length == 8
        assert pattern.could_be("1234-5678")

    def test_letters_that_look_like_digits_are_read_as_digits(self):
        made = codes.Pattern().generate(1000)
        code = next(code for code in made if "0" in code and "1" in code)

        assert codes.Pattern().could_be(code.replace("0", "O").replace("1", "I"))

    def test_holds_as_many_codes_as_cannot_be_guessed(self):
        digits = codes.Pattern("", 12, "digits")

        assert digits.holds(100_000)
        assert not digits.holds(100_001)


class TestNormalize:
    def test_ignores_case_and_outer_spaces(self):
        assert codes.normalize("  natal10 ") == "NATAL10"


@pytest.fixture
def pool(db) -> PromoCodePool:
    return pools.create_pool(
        code="natal", settings=pools.PoolSettings(name="Natal", prefix="natal"), user=None, at=AT
    )


class TestGenerate:
    def test_inserts_thousands_with_few_statements(self, pool, django_assert_max_num_queries):
        with django_assert_max_num_queries(5):
            made = services.generate_codes(pool=pool, count=5_000, terms=ONCE, at=AT)

        pool.refresh_from_db()
        assert len(set(made)) == 5_000 == pool.code_count
        assert PromoCode.objects.filter(pool=pool).count() == 5_000
        assert made[0].startswith("NATAL-")

    def test_binds_codes_to_a_customer(self, pool):
        customer = Customer.objects.create(name="Ana", document="39053344705")

        (code,) = services.generate_codes(pool=pool, count=1, terms=ONCE, customer=customer, at=AT)

        assert PromoCode.objects.get(code=code).customer == customer

    def test_refuses_too_many_and_an_empty_window(self, pool):
        with pytest.raises(refusals.TooManyAtOnce):
            services.generate_codes(pool=pool, count=10_001, terms=ONCE, at=AT)
        with pytest.raises(refusals.WindowEmpty):
            services.generate_codes(
                pool=pool, count=1, terms=services.Terms(starts_at=AT, expires_at=AT), at=AT
            )

    def test_refuses_codes_that_could_be_guessed(self, db):
        short = build_promo_code_pool(length=8, alphabet="digits")

        services.generate_codes(pool=short, count=10, terms=ONCE, at=AT)
        short.refresh_from_db()
        with pytest.raises(refusals.PatternTooShort):
            services.generate_codes(pool=short, count=1, terms=ONCE, at=AT)

    def test_makes_another_where_somebody_has_the_code(self, db, monkeypatch):
        first, second = build_promo_code_pool(codes=1), build_promo_code_pool()
        taken = first.codes.get().code
        drawn = iter([[taken], ["NEW-CODE"]])
        monkeypatch.setattr(codes.Pattern, "generate", lambda self, count: next(drawn))

        assert services.generate_codes(pool=second, count=1, terms=ONCE, at=AT) == ["NEW-CODE"]
        second.refresh_from_db()
        assert second.code_count == 1


class TestPoolTerms:
    def test_give_new_codes_the_earlier_of_two_ends(self, db):
        pool = build_promo_code_pool(valid_days=30, expires_at=AT + timedelta(days=10), max_uses=3)

        terms = services.pool_terms(pool, at=AT)

        assert terms == services.Terms(max_uses=3, expires_at=AT + timedelta(days=10))

    def test_count_days_to_the_end_of_the_last_by_the_clocks_of_the_company(self, db):
        Company.objects.update(time_zone="America/Manaus")
        pool = build_promo_code_pool(valid_days=2)
        late = datetime(2026, 11, 23, 3, 30, tzinfo=UTC)  # still the 22nd in Manaus

        assert services.pool_terms(pool, at=late).expires_at == datetime(2026, 11, 25, 4, tzinfo=UTC)

    def test_as_issued_need_a_campaign_that_is_live(self, db):
        with pytest.raises(refusals.PoolNeedsCampaign):
            build_promo_code_pool(terms=PoolTerms.AS_ISSUED)
        draft = build_promo_code_pool(campaign=build_campaign(), terms=PoolTerms.AS_ISSUED)
        with pytest.raises(refusals.CampaignNotLive):
            services.add_word(pool=draft, word="A", terms=ONCE, at=AT)
        live = build_campaign(publish=True)
        pool = build_promo_code_pool(campaign=live, terms=PoolTerms.AS_ISSUED)
        assert services.add_word(pool=pool, word="A", terms=ONCE, at=AT).revision == live.live_revision
        pause_campaign(code=live.code, user=None, at=AT)
        with pytest.raises(refusals.CampaignNotLive):
            services.add_word(pool=PromoCodePool.objects.get(pk=pool.pk), word="B", terms=ONCE, at=AT)


class TestWords:
    def test_are_kept_as_they_are_compared(self, pool):
        word = services.add_word(pool=pool, word=" natal10 ", terms=services.Terms(max_uses=None), at=AT)

        assert (word.code, word.max_uses) == ("NATAL10", None)

    def test_are_refused_when_taken_or_unreadable(self, pool):
        services.add_word(pool=pool, word="NATAL10", terms=ONCE, at=AT)

        with pytest.raises(refusals.WordTaken):
            services.add_word(pool=pool, word="Natal10", terms=ONCE, at=AT)
        with pytest.raises(refusals.WordInvalid):
            services.add_word(pool=pool, word="two words", terms=ONCE, at=AT)


class TestImport:
    TEXT = "\ufeffcode;customer\nnew1\nNEW1\nold\n\nbad code\nana;390.533.447-05\nbob;11144477735\n"

    @pytest.fixture(autouse=True)
    def _world(self, pool):
        Customer.objects.create(name="Ana", document="39053344705")
        services.add_word(pool=pool, word="OLD", terms=ONCE, at=AT)

    def results(self, word: str) -> list[tuple[int, str, str]]:
        return [
            (2, "NEW1", word),
            (3, "NEW1", "repeated"),
            (4, "OLD", "taken"),
            (6, "BAD CODE", "invalid"),
            (7, "ANA", word),
            (8, "BOB", "customer_unknown"),
        ]

    def test_answers_for_each_line(self, pool):
        results = files.import_codes(pool=pool, text=self.TEXT, terms=ONCE, at=AT)

        assert [(line.line, line.code, line.result) for line in results] == self.results("created")
        assert PromoCode.objects.get(code="ANA").customer.name == "Ana"
        assert files.import_summary(results)["created"] == 2

    def test_survives_a_line_longer_than_any_cell(self, pool):
        results = files.import_codes(pool=pool, text="NEW1\n" + "A" * 200_000, terms=ONCE, at=AT)

        assert [line.result for line in results] == ["created", "invalid"]

    def test_that_only_checks_adds_nothing(self, pool):
        results = files.import_codes(pool=pool, text=self.TEXT, terms=ONCE, at=AT, only_check=True)

        assert [(line.line, line.code, line.result) for line in results] == self.results("good")
        assert PromoCode.objects.count() == 1


class TestExport:
    def test_writes_cells_that_no_spreadsheet_takes_for_a_formula(self, pool):
        customer = Customer.objects.create(code="=1+1", name="Eve")
        services.generate_codes(pool=pool, count=1, terms=ONCE, customer=customer, at=AT)

        heading, line = list(files.export_codes(pool, with_documents=True, at=AT))

        assert heading.startswith('"code","customer","state"')
        assert '"\'=1+1","usable"' in line

    @pytest.mark.parametrize(("permissions", "is_shown"), [((), False), (("customers.view_customer",), True)])
    def test_names_customers_to_whoever_may_see_them(self, client, pool, permissions, is_shown):
        customer = Customer.objects.create(name="Ana Souza", document="39053344705")
        services.generate_codes(pool=pool, count=1, terms=ONCE, customer=customer, at=AT)
        client.force_login(build_user(permissions=["campaigns.view_promocodepool", *permissions]))

        page = client.get(f"/promo-codes/{pool.code}/").content.decode()
        exported = client.get(f"/promo-codes/{pool.code}/export/").getvalue().decode()

        assert ("Ana Souza" in page) is is_shown
        assert ("39053344705" in exported) is is_shown
        assert is_shown or f";{customer.pk};" in exported

    def test_of_the_page_opens_in_a_brazilian_spreadsheet_and_comes_in_again(self, client, pool):
        customer = Customer.objects.create(code="C-1", name="Ana Souza")
        terms = services.Terms(max_uses=3, expires_at=datetime(2026, 12, 23, 3, tzinfo=UTC))
        services.generate_codes(pool=pool, count=1, terms=terms, customer=customer, at=AT)
        client.force_login(build_user(permissions=["campaigns.view_promocodepool"]))

        answer = client.get(f"/promo-codes/{pool.code}/export/", headers={"Accept-Language": "pt-BR"})
        text = answer.getvalue().decode()

        assert text.startswith("\ufeff")
        heading, line = [row.split(";") for row in text.splitlines()]
        word = PromoCode.objects.get().code
        assert line[:2] == [word, "C-1"]
        assert len(heading) == len(line)
        assert line[7] == "23/12/2026 00:00"
        assert [row[1:] for row in files.read_lines(text.splitlines())] == [(word, "C-1")]

    def test_reads_a_pool_piece_by_piece(self, pool, monkeypatch, django_assert_num_queries):
        services.generate_codes(pool=pool, count=7, terms=ONCE, at=AT)
        monkeypatch.setattr(files, "_EXPORT_BATCH", 3)

        with django_assert_num_queries(4):
            lines = "".join(files.export_codes(pool, with_documents=True, at=AT)).splitlines()

        assert len(lines) == 8
        assert len(set(lines)) == 8


class TestState:
    def test_says_what_may_be_used_now_and_why_the_others_may_not(self, pool):
        later = services.Terms(starts_at=AT + timedelta(days=1))
        over = services.Terms(expires_at=AT)
        for word, terms in (("NOW", ONCE), ("LATER", later), ("OVER", over), ("SPENT", ONCE), ("SHUT", ONCE)):
            services.add_word(pool=pool, word=word, terms=terms, at=AT)
        PromoCode.objects.filter(code="SPENT").update(used=1)
        services.set_code_active(code="shut", active=False)

        states = {code.code: code.state(at=AT, pool=pool) for code in PromoCode.objects.all()}

        assert states == {
            "NOW": CodeState.USABLE,
            "LATER": CodeState.NOT_YET,
            "OVER": CodeState.EXPIRED,
            "SPENT": CodeState.USED,
            "SHUT": CodeState.CLOSED,
        }
        assert [code.code for code in PromoCode.objects.usable(at=AT)] == ["NOW"]
        pools.set_pool_open(pool=pool, is_open=False, user=None, at=AT)
        assert {code.state(at=AT, pool=pool) for code in PromoCode.objects.all()} == {CodeState.POOL_CLOSED}


class TestDelete:
    def test_takes_the_codes_along_until_one_was_used(self, pool):
        services.add_word(pool=pool, word="A", terms=ONCE, at=AT)
        PromoCode.objects.update(used=1)

        with pytest.raises(refusals.PoolHasUses):
            pools.delete_pool(pool=pool)
        PromoCode.objects.update(used=0)
        pools.delete_pool(pool=pool)

        assert not PromoCode.objects.exists()

    def test_refuses_while_a_job_fills_the_pool(self, pool):
        from tests.builders import build_job

        build_job(pool=pool)

        with pytest.raises(refusals.PoolBusy):
            pools.delete_pool(pool=pool)

    def test_refuses_codes_that_something_refers_to(self, pool):
        from tests.messaging.builders import build_automation, build_message

        word = services.add_word(pool=pool, word="A", terms=ONCE, at=AT)
        build_automation(occasion="birthday")
        build_message(customer=build_customer(), promo_code=word)

        with pytest.raises(refusals.PoolHasUses):
            pools.delete_pool(pool=pool)
        assert PromoCode.objects.filter(pool=pool).exists()


class TestHistory:
    def test_keeps_what_was_done(self, pool):
        pools.set_pool_open(pool=pool, is_open=False, user=None, at=AT)
        pools.set_pool_open(pool=pool, is_open=False, user=None, at=AT)
        pools.set_pool_open(pool=pool, is_open=True, user=None, at=AT)

        assert list(pool.events.order_by("pk").values_list("action", flat=True)) == [
            "created",
            "closed",
            "opened",
        ]
