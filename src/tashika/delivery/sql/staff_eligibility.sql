-- Why one of our own staff (u) may not get a notice about a contact (about); '' where they may. The contact's opt-out is no reason.
CASE
    WHEN about.id IS NULL THEN 'deleted'
    WHEN u.id IS NULL OR NOT u.is_active THEN 'staff_inactive'
    WHEN u.verified_email <> u.email THEN 'staff_unverified'
    ELSE ''
END
