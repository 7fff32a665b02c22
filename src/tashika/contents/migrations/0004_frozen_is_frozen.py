from django.db import migrations

# G7: a frozen content refuses every change, by any door: also for somebody with a database shell as the application's
# role. A freeze in the making holds the content's row: whoever writes a part of it waits, and is then refused.
FORWARD = """
CREATE FUNCTION contents_refuse_if_frozen(content bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    held record;
BEGIN
    SELECT f.by_incident, f.since, left(upper(replace(k.kind, 'segment', 'g')), 1) || '-' || k.number AS public_id INTO held
        FROM contents_freeze f JOIN contents_content k ON k.id = f.content_id
        WHERE f.content_id = content AND f.lifted_at IS NULL ORDER BY f.since LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION '% is frozen by incident % since %', held.public_id, held.by_incident, held.since
            USING ERRCODE = 'restrict_violation';
    END IF;
END $$;

CREATE FUNCTION contents_refuse_frozen() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM contents_refuse_if_frozen(OLD.id);
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER contents_content_frozen BEFORE UPDATE OR DELETE ON contents_content
    FOR EACH ROW EXECUTE FUNCTION contents_refuse_frozen();

CREATE FUNCTION contents_refuse_frozen_part() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    content bigint := CASE TG_OP WHEN 'INSERT' THEN NEW.content_id ELSE OLD.content_id END;
BEGIN
    PERFORM 1 FROM contents_content WHERE id = content FOR KEY SHARE;
    PERFORM contents_refuse_if_frozen(content);
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER contents_version_frozen BEFORE INSERT ON contents_version
    FOR EACH ROW EXECUTE FUNCTION contents_refuse_frozen_part();
CREATE TRIGGER contents_draft_revision_frozen BEFORE INSERT OR UPDATE ON contents_draft_revision
    FOR EACH ROW EXECUTE FUNCTION contents_refuse_frozen_part();

CREATE FUNCTION contents_refuse_frozen_use() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM contents_refuse_if_frozen(v.content_id) FROM contents_version v WHERE v.id = OLD.user_version_id;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER contents_use_frozen BEFORE UPDATE OR DELETE ON contents_use
    FOR EACH ROW EXECUTE FUNCTION contents_refuse_frozen_use();

-- What a person saved stays: a row only gathers the next saves of the same person.
CREATE FUNCTION contents_revision_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR (NEW.content_id, NEW.first_revision, NEW.first_at, NEW.by_id, NEW.by_label, NEW.aside)
            IS DISTINCT FROM (OLD.content_id, OLD.first_revision, OLD.first_at, OLD.by_id, OLD.by_label, OLD.aside) THEN
        RAISE EXCEPTION 'a remembered draft stays: % refused', TG_OP USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER contents_draft_revision_stays BEFORE UPDATE OR DELETE ON contents_draft_revision
    FOR EACH ROW EXECUTE FUNCTION contents_revision_stays();

-- A freeze is lifted once and stays on record.
CREATE FUNCTION contents_freeze_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR OLD.lifted_at IS NOT NULL
            OR (NEW.content_id, NEW.by_incident, NEW.since) IS DISTINCT FROM (OLD.content_id, OLD.by_incident, OLD.since) THEN
        RAISE EXCEPTION 'the freeze of incident % stays on record: % refused', OLD.by_incident, TG_OP
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER contents_freeze_stays BEFORE UPDATE OR DELETE ON contents_freeze
    FOR EACH ROW EXECUTE FUNCTION contents_freeze_stays();

CREATE TRIGGER contents_content_no_truncate BEFORE TRUNCATE ON contents_content
    FOR EACH STATEMENT EXECUTE FUNCTION core_refuse_change();
CREATE TRIGGER contents_version_no_truncate BEFORE TRUNCATE ON contents_version
    FOR EACH STATEMENT EXECUTE FUNCTION core_refuse_change();
CREATE TRIGGER contents_use_no_truncate BEFORE TRUNCATE ON contents_use
    FOR EACH STATEMENT EXECUTE FUNCTION core_refuse_change();
CREATE TRIGGER contents_draft_revision_no_truncate BEFORE TRUNCATE ON contents_draft_revision
    FOR EACH STATEMENT EXECUTE FUNCTION core_refuse_change();
CREATE TRIGGER contents_freeze_no_truncate BEFORE TRUNCATE ON contents_freeze
    FOR EACH STATEMENT EXECUTE FUNCTION core_refuse_change();

-- What there is so far begins its history with the draft as it stands.
INSERT INTO contents_draft_revision
    (content_id, first_revision, last_revision, name, draft, first_at, last_at, by_id, by_label, aside)
SELECT k.id, k.draft_revision, k.draft_revision, k.name, k.draft, k.draft_saved_at, k.draft_saved_at, k.draft_saved_by_id,
       coalesce(u.name, 'Tashika'), false
FROM contents_content k LEFT JOIN accounts_user u ON u.id = k.draft_saved_by_id;
"""
BACKWARD = """
DROP TRIGGER contents_content_frozen ON contents_content;
DROP TRIGGER contents_version_frozen ON contents_version;
DROP TRIGGER contents_draft_revision_frozen ON contents_draft_revision;
DROP TRIGGER contents_use_frozen ON contents_use;
DROP TRIGGER contents_draft_revision_stays ON contents_draft_revision;
DROP TRIGGER contents_freeze_stays ON contents_freeze;
DROP TRIGGER contents_content_no_truncate ON contents_content;
DROP TRIGGER contents_version_no_truncate ON contents_version;
DROP TRIGGER contents_use_no_truncate ON contents_use;
DROP TRIGGER contents_draft_revision_no_truncate ON contents_draft_revision;
DROP TRIGGER contents_freeze_no_truncate ON contents_freeze;
DROP FUNCTION contents_refuse_frozen();
DROP FUNCTION contents_refuse_frozen_part();
DROP FUNCTION contents_refuse_frozen_use();
DROP FUNCTION contents_revision_stays();
DROP FUNCTION contents_freeze_stays();
DROP FUNCTION contents_refuse_if_frozen(bigint);
"""


class Migration(migrations.Migration):
    dependencies = [("contents", "0003_draft_revisions"), ("core", "0002_audit_only_grows")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
