"""What a .dockerignore leaves out."""

import pytest

from sandbox.plugins.ignore import Ignored, PatternError, parse


def ignored(patterns: list[str], path: str) -> bool:
    """Judge each folder on the way to *path*, as a walk does."""
    rules = Ignored(patterns)
    parts = path.split("/")
    matches = None
    result = False
    for depth in range(len(parts)):
        result, matches = rules.judge("/".join(parts[: depth + 1]), matches)
    return result


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        ("a", "a"),
        ("a", "a/b/c"),
        ("*.log", "x.log"),
        ("*/x", "a/x"),
        ("**/x", "x"),
        ("**/x", "a/b/x"),
        ("a/**", "a/b/c"),
        ("a/**/z", "a/z"),
        ("a?c", "abc"),
        ("[a-c]x", "bx"),
        ("[^a]x", "bx"),
        (r"\*", "*"),
        ("a.b", "a.b"),
        (".*", ".git"),
        ("**", "anything/at/all"),
    ],
)
def test_a_pattern_leaves_out_what_it_names_and_all_inside(pattern: str, path: str) -> None:
    assert ignored([pattern], path)


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        ("a", "b/a"),
        ("*.log", "d/x.log"),
        ("a?c", "a/c"),
        ("[^a]x", "ax"),
        ("a.b", "axb"),
        ("A", "a"),
        ("a+", "aa"),
    ],
)
def test_a_pattern_leaves_the_rest_in(pattern: str, path: str) -> None:
    assert not ignored([pattern], path)


def test_the_last_pattern_that_matches_decides() -> None:
    patterns = ["*.md", "!README.md", "README.md"]

    assert ignored(patterns, "README.md")
    assert not ignored(patterns[:2], "README.md")


def test_a_file_in_an_ignored_folder_can_be_kept() -> None:
    patterns = ["app", "!app/keep"]

    assert not ignored(patterns, "app/keep")
    assert not ignored(patterns, "app/keep/below")
    assert ignored(patterns, "app/other")


def test_a_list_is_read_without_comments_blanks_and_leading_slashes() -> None:
    text = "\ufeff# words\n\n /a/ \n!./b//c\n#d\n ! e\n/\n"

    assert parse(text) == ["a", "!b/c", "!e", "/"]


@pytest.mark.parametrize("pattern", ["[", "[]", "a[^]", "x\\", "[b-a]"])
def test_a_pattern_without_meaning_is_refused(pattern: str) -> None:
    with pytest.raises(PatternError) as error:
        Ignored(["ok", pattern])

    assert str(error.value) == (f"invalid excludepatterns: [ok {pattern}]: syntax error in pattern")


def test_a_lone_exclamation_mark_is_refused() -> None:
    with pytest.raises(PatternError) as error:
        Ignored(["!"])

    assert str(error.value) == 'invalid excludepatterns: [!]: illegal exclusion pattern: "!"'
