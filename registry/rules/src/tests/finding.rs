//! Finding a schema among the versions of a subject: by content hash, else by equivalence, newest first.

use super::check;

#[test]
fn a_hash_finds_first_then_equivalence_newest_first() {
    check(&[
        ("config s level=NONE", "done"),
        ("find s A", "nowhere"),
        ("register s P", "version 1, id 1"),
        ("register s A", "version 2, id 2"),
        ("register s P meta=k:v", "version 3, id 3, {k:v}"),
        ("find s P", "exactly version 1"),
        ("find s Q", "equivalent to version 1"),
        ("find s Q meta=k:v", "equivalent to version 3"),
        ("find s Q meta=k:w", "nowhere"),
        ("find s B", "nowhere"),
        ("find t P", "nowhere"),
        ("find :.c:s P", "nowhere"),
    ]);
}

#[test]
fn a_soft_deleted_version_is_found_only_where_that_is_asked() {
    check(&[
        ("register s P", "version 1, id 1"),
        ("delete s", "1"),
        ("find s P", "nowhere"),
        ("find s P deleted", "exactly version 1"),
        ("find s Q", "nowhere"),
        ("find s Q deleted", "equivalent to version 1"),
    ]);
}

#[test]
fn a_version_property_that_only_one_side_has_must_fit_the_version() {
    check(&[
        ("register s A version=1", "version 1, id 1, {confluent:version:1}"),
        ("find s A", "equivalent to version 1"),
        ("register t A", "version 1, id 2"),
        ("find t A meta=confluent:version:1", "equivalent to version 1"),
        ("find t A meta=confluent:version:2", "nowhere"),
    ]);
}

#[test]
fn other_references_are_another_schema_unless_everything_is_written_out() {
    check(&[
        ("register s A", "version 1, id 1"),
        ("register t A", "version 1, id 1"),
        ("register u Uses ref=s/1", "version 1, id 2"),
        ("find u Uses ref=t/1", "nowhere"),
        ("find u Inlined", "equivalent to version 1"),
        ("register u Inlined", "version 1, id 2, already there"),
        // Not the other way round.
        ("register v Inlined", "version 1, id 3"),
        ("find v Uses ref=s/1", "nowhere"),
    ]);
}

#[test]
fn references_are_compared_after_resolution() {
    check(&[
        ("register s A", "version 1, id 1"),
        ("register s B", "version 2, id 2"),
        ("register u Uses ref=s/1", "version 1, id 3"),
        ("find u Uses ref=s/1", "exactly version 1"),
        ("find u Uses ref=s/-1", "nowhere"),
        ("find u Uses ref=s/9", "InvalidSchema"),
    ]);
}
