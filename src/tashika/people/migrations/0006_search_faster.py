from django.db import migrations

# In PL/pgSQL the key takes half the time: the former functions were too large to be put into their caller's place.
# What is ASCII needs no normalisation. The key begins with a space, so that the beginning of every word is two
# characters too. Folding is that of `people.searching.folded`: NFKC, lower case, hiragana to katakana; only built-in
# functions are called, for an index is built with an empty search_path. Bigrams are compared byte by byte whatever the
# server's collation, and statistics of them are not kept: gathering them took seconds, and people.searching looks
# before it leaps.
FORWARD = """
DROP INDEX IF EXISTS people_contact_search;
DROP FUNCTION people_search_key(people_contact);
DROP FUNCTION people_fold(text);
CREATE FUNCTION people_search_key(c people_contact) RETURNS text LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
    names text := ' ' || c.family_name || c.given_name || ' ' || c.family_kana || c.given_kana || ' '
        || c.company_name || ' ';
    numbers text := c.email || ' ' || c.phone || ' ' || c.mobile || ' ' || c.external_id;
BEGIN
    IF octet_length(names) <> length(names) THEN
        names := normalize(names, NFKC);
    END IF;
    IF octet_length(numbers) <> length(numbers) THEN
        numbers := normalize(numbers, NFKC);
    END IF;
    IF names ~ '[ぁ-ゖ]' THEN
        names := translate(names,
            'ぁあぃいぅうぇえぉおかがきぎくぐけげこごさざしじすずせぜそぞただちぢっつづてでとどなにぬねのはばぱひびぴふぶぷへべぺほぼぽまみむめもゃやゅゆょよらりるれろゎわゐゑをんゔゕゖ',
            'ァアィイゥウェエォオカガキギクグケゲコゴサザシジスズセゼソゾタダチヂッツヅテデトドナニヌネノハバパヒビピフブプヘベペホボポマミムメモャヤュユョヨラリルレロヮワヰヱヲンヴヵヶ');
    END IF;
    RETURN lower(names || numbers);
END $$;
CREATE OR REPLACE FUNCTION people_bigrams(words text) RETURNS text[] LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
BEGIN
    RETURN string_to_array(
        regexp_replace(words, '(..)', '\\1' || chr(1), 'g') || chr(1)
        || regexp_replace(substr(words, 2), '(..)', '\\1' || chr(1), 'g'), chr(1));
END $$;
CREATE INDEX people_contact_search ON people_contact
    USING gin ((people_bigrams(people_search_key(people_contact)) COLLATE "C"));
ALTER INDEX people_contact_search ALTER COLUMN 1 SET STATISTICS 0;
"""


class Migration(migrations.Migration):
    dependencies = [("people", "0005_former_names")]
    operations = [migrations.RunSQL(FORWARD, migrations.RunSQL.noop)]
