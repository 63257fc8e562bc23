#include <flatbuffers/flexbuffers.h>

#include "shm/base/limits.hpp"
#include "shm/document/verify.hpp"
#include "tests/fuzz/support/input.hpp"
#include "tests/fuzz/support/json_tree.hpp"

/// Bytes that claim to be a document. If the verifier accepts them, every reader can read them. If
/// it refuses them, reading them is harmless, as when memory was reused under a reader.
using namespace ringside;

namespace {

/// Invalid bytes may read as a huge document, so reading is limited.
constexpr std::size_t steps_max = 300;

bool flexbuffers_accepts(const Bytes& bytes) {
    return flexbuffers::Verifier(bytes.data(), bytes.size(), nullptr, true, limits::depth_max + 1)
        .VerifyBuffer();
}

void check_accepted(const Bytes& document) {
    fuzz::require(flexbuffers_accepts(document), "flexbuffers accepts it");
    const Value root = Value::of(document);
    const fuzz::Json tree = fuzz::tree_of(root);
    const std::string json = to_json(root);
    const auto again = document_from_json(json);
    fuzz::require(again.has_value(), "its JSON is read: " + json);
    fuzz::require(fuzz::tree_of(Value::of(*again)) == tree, "its JSON is the same: " + json);
    fuzz::require(root.is_same(Value::of(*again)), "is_same says so: " + json);
}

/// Reads everything that a reader can, up to a number of steps.
void walk(const Value& value, std::size_t depth, std::size_t& steps_left) {
    for (std::size_t i = 0; i < value.size() && value.is_container() && depth < 70; ++i) {
        if (steps_left == 0) return;
        --steps_left;
        if (value.is_array()) {
            walk(value[i], depth + 1, steps_left);
            continue;
        }
        const auto [key, member] = value.member(i);
        static_cast<void>(value[key].exists());
        walk(member, depth + 1, steps_left);
    }
    if (const auto text = value.as_string()) {
        static_cast<void>(std::count(text->begin(), text->end(), '\0'));
    }
    static_cast<void>(value.as_double());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const Bytes document = fuzz::copy_of({data, size});
    if (verify_document(document)) {
        check_accepted(document);
        return 0;
    }
    std::size_t steps_left = steps_max;
    walk(Value::of(document), 0, steps_left);
    if (steps_left > 0) static_cast<void>(to_json(Value::of(document)));
    return 0;
}
