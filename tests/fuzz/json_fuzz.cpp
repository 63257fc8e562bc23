#include "shm/base/limits.hpp"
#include "shm/document/json.hpp"
#include "shm/document/json_diagnosis.hpp"
#include "shm/document/verify.hpp"
#include "tests/fuzz/support/input.hpp"
#include "tests/fuzz/support/json_tree.hpp"

/// JSON text: the result equals that of a plain parser of RFC 8259. Refused text is either invalid
/// or beyond a limit.
using namespace ringside;
using fuzz::require;

namespace {

void check_document(const Bytes& document, const fuzz::Json& expected) {
    require(verify_document(document).has_value(), "what was read verifies");
    const Value root = Value::of(document);
    require(fuzz::tree_of(root) == expected, "it is what the text says");
    const std::string written = to_json(root);
    const auto again = document_from_json(written);
    require(again.has_value(), "what was written is read: " + written);
    require(fuzz::tree_of(Value::of(*again)) == expected, "as the same: " + written);
    require(to_json(Value::of(*again)) == written, "and written as the same: " + written);
}

bool is_beyond_limits(const fuzz::ParsedJson& parsed, const Error& error) {
    switch (error.code) {
        case Errc::too_deep: return parsed.depth > limits::depth_max;
        case Errc::duplicate_key: return parsed.has_duplicate_key;
        case Errc::number_out_of_range: return parsed.has_wide_number;
        case Errc::key_too_long: return parsed.key_bytes > limits::key_bytes_max;
        default: return false;
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const Bytes bytes = fuzz::copy_of({data, size});
    const std::string_view text(reinterpret_cast<const char*>(bytes.data()), size);
    const fuzz::ParsedJson parsed = fuzz::parse_json(text);
    const auto document = document_from_json(text);
    if (document) {
        require(parsed.value.has_value(), "a plain parser reads it, too");
        check_document(*document, *parsed.value);
        return 0;
    }
    const Error& error = document.error();
    if (parsed.value) {
        require(is_beyond_limits(parsed, error), "JSON is refused: " + error.text());
    } else {
        const bool is_told = error.code == Errc::duplicate_key || !error.detail.empty();
        require(is_told, "it says what is wrong: " + error.text());
    }
    return 0;
}
