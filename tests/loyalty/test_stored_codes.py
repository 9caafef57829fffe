"""Codes of stored values: hard to guess, forgiving to type, kept as hashes only."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty import stored_codes
from retail import codes

KEY = b"a key of the test"


def generated(seed: int = 1) -> str:
    return stored_codes.code_of(seed.to_bytes(16, "big"), key=KEY)


class TestGenerated:
    @given(st.binary(min_size=16, max_size=16))
    def test_has_sixteen_symbols_of_which_the_last_checks_the_others(self, nonce: bytes) -> None:
        code = stored_codes.code_of(nonce, key=KEY)

        assert [len(group) for group in code.split("-")] == [4, 4, 4, 4]
        assert set(code) <= {*codes.SYMBOLS, "-"}
        assert codes.Pattern().could_be(code)
        assert not stored_codes.is_mistyped(code)

    def test_depends_on_the_nonce_and_on_the_key(self) -> None:
        nonce = stored_codes.new_nonce()

        made = {stored_codes.code_of(nonce, key=key) for key in (KEY, b"another")} | {generated()}

        assert len(made) == 3
        assert stored_codes.new_nonce() != nonce

    @given(st.integers(0, 2**64), st.integers(0, 15), st.sampled_from(codes.SYMBOLS))
    def test_one_wrong_symbol_is_noticed(self, seed: int, place: int, symbol: str) -> None:
        code = generated(seed)
        at = place + place // 4
        typed = code[:at] + symbol + code[at + 1 :]

        assert stored_codes.is_mistyped(typed) == (typed != code)


class TestSpelling:
    def test_case_hyphens_spaces_and_misread_symbols_make_no_difference(self) -> None:
        code = next(code for code in map(generated, range(100)) if "0" in code and "1" in code)
        plain = code.replace("-", "")

        spellings = [code, plain, code.lower(), f"  {code} ", code.replace("-", " ")]
        spellings += [code.replace("0", "O").replace("1", "l")]

        assert {stored_codes.digest(text, key=KEY) for text in spellings} == {
            stored_codes.digest(code, key=KEY)
        }
        assert {stored_codes.written(text) for text in spellings} == {code}

    @pytest.mark.parametrize("code", ["NATAL-2026", "7891000123457", "CARTAO.12_3", "0000"])
    def test_a_code_of_ones_own_is_kept_as_it_is(self, code: str) -> None:
        assert stored_codes.is_own(code)
        assert stored_codes.written(f" {code.lower()} ") == code

    @pytest.mark.parametrize(
        "code", ["", "A", "ABC", "-ABC", "A" * 65, "ÇEDILHA", "A B C D", "AB/CD", "#VIP#1"]
    )
    def test_what_no_till_could_type_is_no_code(self, code: str) -> None:
        assert not stored_codes.is_own(code)

    def test_a_mistyped_generated_code_is_nobodys_own(self) -> None:
        code = generated()
        wrong = code[:-1] + ("A" if code[-1] != "A" else "B")

        assert stored_codes.is_own(code)
        assert not stored_codes.is_own(wrong)


class TestKept:
    def test_the_hash_depends_on_the_key(self) -> None:
        assert stored_codes.digest("ABCD", key=KEY) != stored_codes.digest("ABCD", key=b"another")

    def test_only_the_last_four_are_shown(self) -> None:
        assert stored_codes.masked(generated()) == "····" + generated()[-4:]
        assert [stored_codes.masked(own) for own in ("4711", "471108", "47110815")] == [
            "····",
            "····08",
            "····0815",
        ]

    @pytest.mark.parametrize("own", ["", "natal-2026", "4711"])
    def test_is_what_the_code_is_found_by(self, own: str) -> None:
        coded = stored_codes.own(own, key=KEY) if own else stored_codes.generate(key=KEY)

        assert coded.code == (own or stored_codes.code_of(coded.nonce, key=KEY))
        assert coded.digest == stored_codes.digest(coded.code, key=KEY)
        assert coded.last4 == stored_codes.last4(coded.code)
        assert bool(coded.nonce) == (not own)
