from datetime import UTC, datetime, timedelta

import pytest

from campaigns import codes
from campaigns.models import PromoCode
from campaigns.services import promo_code_files as files
from campaigns.services import promo_codes as services
from customers.models import Customer

AT = datetime(2026, 11, 22, 10, 30, tzinfo=UTC)
ONCE = services.Terms()


class TestCodes:
    def test_have_75_random_bits_and_a_check_symbol(self):
        made = {codes.generate() for _ in range(500)}

        assert len(made) == 500
        assert all(codes.is_generated(code) for code in made)
        assert all(len(code.replace("-", "")) == 16 for code in made)

    def test_one_wrong_symbol_never_passes(self):
        code = codes.generate("NATAL")

        for place in range(len("NATAL-"), len(code)):
            for symbol in codes.SYMBOLS:
                other = code[:place] + symbol + code[place + 1 :]
                if code[place] != "-" and other != code:
                    assert not codes.is_generated(other, "NATAL")

    def test_letters_that_look_like_digits_are_read_as_digits(self):
        code = next(made for made in (codes.generate() for _ in range(1000)) if "0" in made and "1" in made)

        assert codes.is_generated(code.replace("0", "O").replace("1", "I"))

    def test_ignore_case_and_outer_spaces(self):
        assert codes.normalize("  natal10 ") == "NATAL10"


@pytest.fixture
def pool(db):
    return services.create_pool(code="natal", name="Natal", campaign=None, prefix="natal")


class TestGenerate:
    def test_inserts_thousands_with_few_statements(self, pool, django_assert_max_num_queries):
        with django_assert_max_num_queries(12):
            made = services.generate_codes(pool=pool, count=5_000, terms=ONCE)

        assert len(set(made)) == 5_000
        assert PromoCode.objects.filter(pool=pool).count() == 5_000
        assert made[0].startswith("NATAL-")

    def test_binds_codes_to_a_customer(self, pool):
        customer = Customer.objects.create(name="Ana", document="39053344705")

        (code,) = services.generate_codes(pool=pool, count=1, terms=ONCE, customer=customer)

        assert PromoCode.objects.get(code=code).customer == customer

    def test_refuses_too_many_and_an_empty_window(self, pool):
        with pytest.raises(services.TooManyCodes):
            services.generate_codes(pool=pool, count=100_001, terms=ONCE)
        with pytest.raises(services.WindowEmpty):
            services.generate_codes(pool=pool, count=1, terms=services.Terms(starts_at=AT, expires_at=AT))


class TestWords:
    def test_are_kept_as_they_are_compared(self, pool):
        word = services.add_word(pool=pool, word=" natal10 ", terms=services.Terms(max_uses=None))

        assert (word.code, word.max_uses) == ("NATAL10", None)

    def test_are_refused_when_taken_or_unreadable(self, pool):
        services.add_word(pool=pool, word="NATAL10", terms=ONCE)

        with pytest.raises(services.WordTaken):
            services.add_word(pool=pool, word="Natal10", terms=ONCE)
        with pytest.raises(services.WordInvalid):
            services.add_word(pool=pool, word="two words", terms=ONCE)


class TestImport:
    def test_answers_for_each_line(self, pool):
        Customer.objects.create(name="Ana", document="39053344705")
        services.add_word(pool=pool, word="OLD", terms=ONCE)
        text = "\ufeffcode;customer\nnew1\nNEW1\nold\n\nbad code\nana;390.533.447-05\nbob;11144477735\n"

        results = files.import_codes(pool=pool, text=text, terms=ONCE)

        assert [(line.line, line.code, line.result) for line in results] == [
            (2, "NEW1", "created"),
            (3, "NEW1", "repeated"),
            (4, "OLD", "taken"),
            (6, "BAD CODE", "invalid"),
            (7, "ANA", "created"),
            (8, "BOB", "customer_unknown"),
        ]
        assert PromoCode.objects.get(code="ANA").customer.name == "Ana"
        assert files.import_summary(results)["created"] == 2


class TestExport:
    def test_writes_cells_that_no_spreadsheet_takes_for_a_formula(self, pool):
        customer = Customer.objects.create(code="=1+1", name="Eve")
        services.generate_codes(pool=pool, count=1, terms=ONCE, customer=customer)

        heading, line = list(files.export_codes(pool))

        assert heading.startswith('"code","customer"')
        assert '"\'=1+1"' in line


class TestUsable:
    def test_finds_what_may_be_used_now(self, pool):
        later = services.Terms(starts_at=AT + timedelta(days=1))
        over = services.Terms(expires_at=AT)
        for word, terms in (("NOW", ONCE), ("LATER", later), ("OVER", over), ("SPENT", ONCE), ("SHUT", ONCE)):
            services.add_word(pool=pool, word=word, terms=terms)
        PromoCode.objects.filter(code="SPENT").update(used=1)
        services.set_code_active(code="shut", active=False)

        assert [code.code for code in PromoCode.objects.usable(at=AT)] == ["NOW"]


class TestDelete:
    def test_takes_the_codes_along_until_one_was_used(self, pool):
        services.add_word(pool=pool, word="A", terms=ONCE)
        PromoCode.objects.update(used=1)

        with pytest.raises(services.PoolHasUses):
            services.delete_pool(pool=pool)
        PromoCode.objects.update(used=0)
        services.delete_pool(pool=pool)

        assert not PromoCode.objects.exists()
