import pytest
import validate_docbr
from hypothesis import given
from hypothesis import strategies as st

from customers.documents import is_valid, kind, mask, normalize

CPF_ORACLE = validate_docbr.CPF()
CNPJ_ORACLE = validate_docbr.CNPJ()
DIGITS = "0123456789"
LETTERS_AND_DIGITS = DIGITS + "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

cpf_bodies = st.text(DIGITS, min_size=9, max_size=9)
cnpj_bodies = st.text(LETTERS_AND_DIGITS, min_size=12, max_size=12)
check_digits = st.text(DIGITS, min_size=2, max_size=2)


def with_check_digits(body: str) -> str:
    candidates = [f"{body}{number:02d}" for number in range(100)]
    oracle = CPF_ORACLE if len(body) == 9 else CNPJ_ORACLE
    return next((document for document in candidates if oracle.validate(document)), "")


class TestIsValid:
    @pytest.mark.parametrize(
        "document", ["39053344705", "52998224725", "11222333000181", "12ABC34501DE35", "00000000191"]
    )
    def test_accepts_documents_with_right_check_digits(self, document):
        assert is_valid(document)

    @pytest.mark.parametrize(
        "document",
        [
            "",
            "3905334470",
            "390533447050",
            "39053344706",
            "11222333000182",
            "12ABC34501DE36",
            "12ABC34501DEA5",
            "12abc34501de35",
            "390.533.447-05",
            "٣٩٠٥٣٣٤٤٧٠٥",
            "３９０５３３４４７０５",
            "39053344705\n",
        ],
    )
    def test_refuses_wrong_shapes_and_wrong_check_digits(self, document):
        assert not is_valid(document)

    @pytest.mark.parametrize("digit", DIGITS)
    def test_refuses_one_digit_repeated(self, digit):
        assert not is_valid(digit * 11)
        assert not is_valid(digit * 14)

    @given(cpf_bodies, check_digits)
    def test_agrees_with_validate_docbr_on_any_cpf(self, body, digits):
        document = body + digits

        assert is_valid(document) == CPF_ORACLE.validate(document)

    @given(cpf_bodies)
    def test_accepts_exactly_the_cpf_that_validate_docbr_accepts(self, body):
        document = with_check_digits(body)
        accepted = [f"{body}{number:02d}" for number in range(100) if is_valid(f"{body}{number:02d}")]

        assert accepted == ([document] if document else [])

    @given(cnpj_bodies)
    def test_accepts_exactly_the_cnpj_that_validate_docbr_accepts(self, body):
        document = with_check_digits(body)
        accepted = [f"{body}{number:02d}" for number in range(100) if is_valid(f"{body}{number:02d}")]

        assert accepted == ([document] if document else [])

    @given(st.text(max_size=20))
    def test_answers_for_any_text(self, text):
        assert is_valid(text) in (True, False)


class TestNormalize:
    @pytest.mark.parametrize(
        ("text", "document"),
        [
            ("390.533.447-05", "39053344705"),
            (" 390 533 447 05 ", "39053344705"),
            ("12.abc.345/01de-35", "12ABC34501DE35"),
            ("12.ABC.345/01DE-35", "12ABC34501DE35"),
        ],
    )
    def test_removes_mask_and_spaces_and_raises_letters(self, text, document):
        assert normalize(text) == document

    def test_does_not_turn_a_foreign_letter_into_a_latin_one(self):
        assert not is_valid(normalize("12aſc34501de35"))

    @given(st.text(max_size=20))
    def test_normalising_twice_changes_nothing(self, text):
        assert normalize(normalize(text)) == normalize(text)


class TestKind:
    def test_tells_cpf_from_cnpj(self):
        assert kind("39053344705") == "cpf"
        assert kind("12ABC34501DE35") == "cnpj"

    def test_raises_on_anything_else(self):
        with pytest.raises(ValueError, match="neither"):
            kind("123")


class TestMask:
    def test_shows_the_middle_of_a_cpf(self):
        assert mask("12345678909") == "***.456.789-**"

    def test_shows_the_middle_of_a_cnpj(self):
        assert mask("12ABC34501DE35") == "**.ABC.345/****-**"

    @given(st.text(LETTERS_AND_DIGITS, max_size=13).filter(lambda text: len(text) != 11))
    def test_hides_anything_else_whole(self, text):
        assert set(mask(text)) <= {"*"}
        assert len(mask(text)) == len(text)
