#include <flatbuffers/flexbuffers.h>

#include "shm/base/limits.hpp"
#include "shm/document/verify.hpp"
#include "tests/fuzz/support/input.hpp"
#include "tests/fuzz/support/json_tree.hpp"

/// Bytes that claim to be a document. What the verifier accepts is one for every reader; what it
/// refuses harms nobody who reads it all the same, as readers of memory that was reused do.
using namespace ringside;

namespace {

/// Bytes that are no document may be read as a huge one: only so much of it is looked at.
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

/// Reads everything that a reader can ask for, until it has asked often enough.
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
