#include "shm/base/limits.hpp"
#include "shm/document/patch.hpp"
#include "shm/document/verify.hpp"
#include "tests/fuzz/support/input.hpp"
#include "tests/fuzz/support/json_tree.hpp"
#include "tests/fuzz/support/plain_patch.hpp"

/// A document and a change of it, compared with patches of plain trees. First line: the operation,
/// `set` with a pointer, `merge` or `patch`. Second line: the document. The rest: the value or
/// patch.
using namespace ringside;
using fuzz::Json;
using fuzz::require;

namespace {

/// Errors that a plain tree does not have.
bool is_limit(Errc code) {
    return code == Errc::too_deep || code == Errc::document_too_large ||
           code == Errc::key_too_long || code == Errc::patch_too_costly;
}

void check(const Result<ByteView>& got, const fuzz::Patched& expected) {
    if (got) {
        const Bytes document = fuzz::copy_of(*got);
        require(verify_document(document).has_value(), "what was made verifies");
        require(expected.code == Errc::ok, "the plain patch does it, too");
        require(fuzz::tree_of(Value::of(document)) == expected.value, "with the same result");
    } else if (!is_limit(got.error().code)) {
        require(got.error().code == expected.code, "the error: " + got.error().text());
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    fuzz::Input input(data, size);
    const std::string_view what = input.text_until('\n');
    const auto old = document_from_json(input.text_until('\n'));
    const auto change =
        document_from_json(input.text(), what == "patch" ? json_patch_limits : DocumentLimits());
    if (!old || !change) return 0;
    const Value before = Value::of(*old);
    const Value value = Value::of(*change);
    const Json tree = fuzz::tree_of(before);
    require(before.is_equal(value) == fuzz::is_equal(tree, fuzz::tree_of(value)), "equality");
    require(before.is_same(value) == (tree == fuzz::tree_of(value)), "sameness");
    DocumentBuilder builder;
    if (what == "merge") {
        check(apply_merge(builder, before, value),
              {Errc::ok, fuzz::merged(tree, fuzz::tree_of(value))});
        check(apply_merge(builder, std::nullopt, value),
              {Errc::ok, fuzz::merged({}, fuzz::tree_of(value))});
    } else if (what == "patch") {
        const auto expected = fuzz::patched(tree, fuzz::tree_of(value));
        const auto got = apply_json_patch(builder, before, value);
        if (expected) check(got, *expected);
        else if (got) require(verify_document(fuzz::copy_of(*got)).has_value(), "it verifies");
    } else if (const auto pointer = JsonPointer::parse(what)) {
        check(apply_set(builder, before, *pointer, value),
              fuzz::with_set(tree, *pointer, fuzz::tree_of(value)));
        const auto found = before.find(*pointer);
        const Json* plainly = fuzz::find(tree, *pointer);
        require(found.has_value() == (plainly != nullptr), "the pointer leads somewhere");
        require(!found || fuzz::tree_of(*found) == *plainly, "to the same value");
    }
    return 0;
}
