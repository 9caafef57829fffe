"""Files of promotional codes: checked, added once, told line by line."""

import pytest

from campaigns.models import (
    ImportResult,
    JobState,
    PromoCode,
    PromoCodeImport,
    PromoCodeImportLine,
)
from campaigns.services import jobs, promo_code_imports
from campaigns.services import promo_code_refusals as refusals
from campaigns.services import promo_codes as codes
from tests.builders import build_customer, build_promo_code_pool, build_user
from tests.campaigns.code_work import AT, receive, run

BATCH = 50


@pytest.fixture(autouse=True)
def _small_batches(monkeypatch):
    monkeypatch.setattr(promo_code_imports, "BATCH", BATCH)


class TestImport:
    @pytest.fixture
    def pool(self, db):
        return build_promo_code_pool()

    def lines(self) -> str:
        """120 lines over three batches: repeated across batches, wrong, taken, for a customer."""
        build_customer(document="39053344705", name="Ana")
        codes.add_word(pool=build_promo_code_pool(), word="TAKEN", terms=codes.Terms(), at=AT)
        good = [f"GOOD-{number:03d}" for number in range(114)]
        return "\n".join(
            [
                "code;customer",
                *good,
                "good-000",
                "TAKEN",
                "two words",
                "ANA;390.533.447-05",
                "BOB;11144477735",
            ]
        )

    def test_is_checked_first_and_adds_nothing_by_itself(self, pool):
        source, job = receive(pool, self.lines())

        run(job)

        source.refresh_from_db()
        assert source.counts == {
            "good": 115,
            "repeated": 1,
            "taken": 1,
            "invalid": 1,
            "customer_unknown": 1,
        }
        assert not pool.codes.exists()
        assert source.content is None

    def test_then_adds_the_good_lines_and_keeps_the_others_with_their_reason(self, pool):
        source, job = receive(pool, self.lines())
        run(job)

        adding = run(promo_code_imports.request_import(source=source, user=None, at=AT))

        source.refresh_from_db()
        pool.refresh_from_db()
        assert pool.codes.count() == pool.code_count == 115
        assert set(pool.codes.values_list("max_uses", flat=True)) == {2}
        assert PromoCode.objects.get(code="ANA").customer.name == "Ana"
        assert adding.result == source.counts
        assert source.counts["created"] == 115
        refused = "".join(promo_code_imports.refused_lines(source)).splitlines()
        assert refused[0] == '"line","code","customer","result"'
        assert refused[1:] == [
            '"116","GOOD-000","","repeated"',
            '"117","TAKEN","","taken"',
            '"118","TWO WORDS","","invalid"',
            '"120","BOB","11144477735","customer_unknown"',
        ]

    def test_offers_the_others_as_a_file_for_a_spreadsheet(self, pool, client):
        source, job = receive(pool, self.lines())
        run(job)
        client.force_login(build_user(is_superuser=True))

        file = client.get(
            f"/promo-codes/{pool.code}/import/{source.pk}/refused/", headers={"Accept-Language": "en"}
        )

        lines = file.getvalue().decode().splitlines()
        assert lines[0] == "\ufeffLine;Code;Customer;Result"
        assert [line.split(";")[:3] for line in lines[1:3]] == [["116", "GOOD-000", ""], ["117", "TAKEN", ""]]

    @pytest.mark.parametrize("stops_after", [1, 2, 3, 4, 5, 6])
    def test_adds_each_code_once_wherever_it_was_cut_off(self, pool, stops_after):
        source, job = receive(pool, self.lines(), add=True)
        run(job, stops_after=stops_after)
        assert job.state == JobState.QUEUED

        run(job)

        source.refresh_from_db()
        assert job.state == JobState.FINISHED
        assert source.counts["created"] == pool.codes.count() == 115
        assert (source.counts["repeated"], source.counts["taken"]) == (1, 1)

    def test_finds_codes_that_somebody_took_between_check_and_adding(self, pool):
        source, job = receive(pool, "A\nB\n")
        run(job)
        codes.add_word(pool=build_promo_code_pool(), word="B", terms=codes.Terms(), at=AT)

        run(promo_code_imports.request_import(source=source, user=None, at=AT))

        source.refresh_from_db()
        assert source.counts == {"created": 1, "taken": 1}

    def test_takes_a_file_once(self, pool):
        source, job = receive(pool, "A\nB\n", add=True)
        run(job)

        again, nothing = receive(pool, "A\nB\n", name="renamed.csv")

        assert (again.pk, nothing) == (source.pk, None)
        with pytest.raises(refusals.ImportDone):
            promo_code_imports.request_import(source=source, user=None, at=AT)
        with pytest.raises(refusals.ImportDone):
            promo_code_imports.forget_import(source=source)
        assert receive(build_promo_code_pool(), "A\nB\n")[1] is not None

    def test_can_be_forgotten_and_sent_again(self, pool):
        source, job = receive(pool, "A\nB\n")
        run(job)

        promo_code_imports.forget_import(source=source)

        assert not PromoCodeImport.objects.exists()
        assert not PromoCodeImportLine.objects.exists()
        assert receive(pool, "A\nB\n")[1] is not None

    def test_counts_all_that_it_added_when_it_was_cancelled_and_asked_for_again(self, pool):
        source, job = receive(pool, self.lines())
        run(job)
        first = promo_code_imports.request_import(source=source, user=None, at=AT)
        run(first, stops_after=2)
        jobs.cancel_job(job=first, at=AT)

        run(promo_code_imports.request_import(source=source, user=None, at=AT))

        source.refresh_from_db()
        assert source.counts["created"] == pool.codes.count() == 115

    def test_is_not_added_before_it_was_checked(self, pool):
        source, _job = receive(pool, "A\n")

        with pytest.raises(refusals.ImportUnchecked):
            promo_code_imports.request_import(source=source, user=None, at=AT)
        with pytest.raises(refusals.ImportUnchecked):
            promo_code_imports.forget_import(source=source)

    @pytest.mark.parametrize(
        "content",
        [
            "código,cliente\r\nSÃO10,\r\n".encode("utf-8-sig"),
            "código;cliente\nSÃO10;\n".encode("latin-1"),
            "código\tcliente\rSÃO10\t\r".encode(),
            "SÃO10".encode(),
            '"SÃO10"\n'.encode(),
        ],
    )
    def test_reads_what_spreadsheets_write(self, pool, content):
        _source, job = receive(pool, content, add=True)

        assert run(job).state == JobState.FINISHED
        assert [code.code for code in pool.codes.all()] == ["SÃO10"]

    @pytest.mark.parametrize(
        ("content", "refusal"),
        [
            (b"", refusals.FileEmpty),
            (b"PK\x03\x04\x00\x00", refusals.FileUnreadable),
            (b"A\n" * 1_000_002, refusals.TooManyCodes),
        ],
    )
    def test_refuses_what_is_no_list(self, pool, content, refusal):
        with pytest.raises(refusal):
            receive(pool, content)

    @pytest.mark.parametrize("content", [b"\n\n\n", b'"A\nB\n', b",,,,\n;;\n", b"A" * 100_000])
    def test_survives_odd_lines(self, pool, content):
        _source, job = receive(pool, content, add=True)

        assert run(job).state == JobState.FINISHED
        assert pool.codes.count() <= 2

    def test_makes_every_result_readable(self):
        assert all(label for _value, label in ImportResult.choices)
