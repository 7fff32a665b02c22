from django.db import migrations

# Two passes of a regular expression give the bigrams five times faster than a query per row, and hiragana are only
# translated where there are any, in names and in companies, for translate() looks every character up in its whole list:
# an import of a million rows computes this a million times.
# Bodies are bound when they are made (RETURN), for an index is built with an empty search_path.
# Folding in SQL as `people.searching.folded` does it: NFKC, lower case, hiragana to katakana. The server's locale does
# not matter: normalize() and translate() know Unicode by themselves.
FORWARD = """
CREATE FUNCTION people_fold(words text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN CASE WHEN words ~ '[ぁ-ゖ]' THEN translate(lower(normalize(words, NFKC)),
        'ぁあぃいぅうぇえぉおかがきぎくぐけげこごさざしじすずせぜそぞただちぢっつづてでとどなにぬねのはばぱひびぴふぶぷへべぺほぼぽまみむめもゃやゅゆょよらりるれろゎわゐゑをんゔゕゖ',
        'ァアィイゥウェエォオカガキギクグケゲコゴサザシジスズセゼソゾタダチヂッツヅテデトドナニヌネノハバパヒビピフブプヘベペホボポマミムメモャヤュユョヨラリルレロヮワヰヱヲンヴヵヶ')
        ELSE lower(normalize(words, NFKC)) END;
CREATE FUNCTION people_search_key(c people_contact) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN people_fold(c.family_name || c.given_name || ' ' || c.family_kana || c.given_kana) || ' '
        || people_fold(c.company_name) || ' '
        || lower(normalize(c.email || ' ' || c.phone || ' ' || c.mobile || ' ' || c.external_id, NFKC));
CREATE FUNCTION people_bigrams(words text) RETURNS text[] LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN string_to_array(
        regexp_replace(words, '(..)', '\\1' || chr(1), 'g') || chr(1)
        || regexp_replace(substr(words, 2), '(..)', '\\1' || chr(1), 'g'), chr(1));
CREATE INDEX people_contact_search ON people_contact USING gin (people_bigrams(people_search_key(people_contact)));
"""
BACKWARD = """
DROP INDEX people_contact_search;
DROP FUNCTION people_bigrams(text);
DROP FUNCTION people_search_key(people_contact);
DROP FUNCTION people_fold(text);
"""


class Migration(migrations.Migration):
    dependencies = [("people", "0001_initial")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
