#include "tools/gateway/valve/engine_methods.hpp"

#include <algorithm>
#include <cstring>
#include <optional>
#include <string_view>

#include "tools/gateway/valve/cesu8.hpp"

namespace ringside::gateway::valve {

namespace {

/// Objects that must not live in a stack frame, because the engine's exceptions skip destructors.
struct Scratch {
    std::string pattern;
    std::string text;
    std::string why;
    std::optional<MatchPattern> compiled;
    MatchPattern::Matches matches;
};

Scratch& scratch() {
    thread_local Scratch of_thread;
    return of_thread;
}

constexpr bool begins_character(char c) noexcept {
    return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
}

std::string_view text_at(duk_context* heap, duk_idx_t index) {
    std::size_t size = 0;
    const char* const text = duk_get_lstring(heap, index, &size);
    return {text, size};
}

/// Returns where a character begins, or the end of the text for one beyond it.
std::size_t byte_of(std::string_view text, std::size_t character) noexcept {
    std::size_t at = 0;
    for (; at < text.size(); ++at) {
        if (begins_character(text[at]) && character-- == 0) break;
    }
    return at;
}

/// Finds the first argument in `this`, from the position of the second one. Returns the byte
/// offset, or none if it does not occur. memmem takes linear time.
std::optional<std::size_t> find(duk_context* heap, std::string_view& in) {
    duk_push_this(heap);
    if (duk_is_string(heap, -1) == 0) static_cast<void>(duk_type_error(heap, "not a string"));
    in = text_at(heap, -1);
    static_cast<void>(duk_to_string(heap, 0));
    const std::string_view wanted = text_at(heap, 0);
    const duk_int_t from = duk_to_int(heap, 1);
    const std::size_t begin = from <= 0 ? 0 : byte_of(in, static_cast<std::size_t>(from));
    const void* const found =
        memmem(in.data() + begin, in.size() - begin, wanted.data(), wanted.size());
    if (found == nullptr) return std::nullopt;
    return static_cast<std::size_t>(static_cast<const char*>(found) - in.data());
}

duk_ret_t text_includes(duk_context* heap) {
    std::string_view in;
    duk_push_boolean(heap, find(heap, in) ? 1 : 0);
    return 1;
}

duk_ret_t text_index_of(duk_context* heap) {
    std::string_view in;
    const auto found = find(heap, in);
    const auto before =
        found ? std::count_if(in.begin(), in.begin() + static_cast<std::ptrdiff_t>(*found),
                              begins_character)
              : -1;
    duk_push_number(heap, static_cast<double>(before));
    return 1;
}

duk_ret_t text_match(duk_context* heap) {
    Scratch& own = scratch();
    duk_push_this(heap);
    if (duk_is_string(heap, -1) == 0) return duk_type_error(heap, "not a string");
    if (duk_is_undefined(heap, 0) != 0) {
        duk_push_string(heap, "");
        duk_replace(heap, 0);
    }
    static_cast<void>(duk_to_string(heap, 0));
    own.pattern = from_cesu8(text_at(heap, 0));
    own.why.clear();
    if (auto made = MatchPattern::make(own.pattern, ""); made) own.compiled = *std::move(made);
    else own.why = made.error().detail;
    if (!own.why.empty()) return duk_syntax_error(heap, "%s", own.why.c_str());
    return push_matches(heap, *own.compiled, own.text, own.why, own.matches);
}

duk_ret_t list_includes(duk_context* heap) {
    duk_push_this(heap);
    if (duk_is_array(heap, -1) == 0) return duk_type_error(heap, "not a list");
    const auto size = static_cast<duk_uarridx_t>(duk_get_length(heap, -1));
    bool is_there = false;
    for (duk_uarridx_t at = 0; at < size && !is_there; ++at) {
        static_cast<void>(duk_get_prop_index(heap, -1, at));
        const bool are_nan = duk_is_nan(heap, 0) != 0 && duk_is_nan(heap, -1) != 0;
        is_there = are_nan || duk_strict_equals(heap, 0, -1) != 0;
        duk_pop(heap);
    }
    duk_push_boolean(heap, is_there ? 1 : 0);
    return 1;
}

void put(duk_context* heap, const char* type, const char* method, duk_c_function function,
         duk_idx_t arguments) {
    duk_get_global_string(heap, type);
    duk_get_prop_string(heap, -1, "prototype");
    duk_push_c_function(heap, function, arguments);
    duk_put_prop_string(heap, -2, method);
    duk_pop_2(heap);
}

}  // namespace

void put_methods(duk_context* heap) {
    put(heap, "String", "includes", text_includes, 2);
    put(heap, "String", "indexOf", text_index_of, 2);
    put(heap, "String", "match", text_match, 1);
    put(heap, "Array", "includes", list_includes, 1);
}

duk_ret_t push_matches(duk_context* heap, const MatchPattern& pattern, std::string& text,
                       std::string& why, MatchPattern::Matches& matches) {
    text = from_cesu8(text_at(heap, -1));
    why.clear();
    if (auto found = pattern.match(text); found) matches = *std::move(found);
    else why = found.error().detail;
    if (!why.empty()) return duk_range_error(heap, "%s", why.c_str());
    if (matches.empty()) {
        duk_push_null(heap);
        return 1;
    }
    duk_push_array(heap);
    for (std::size_t at = 0; at < matches.size(); ++at) {
        if (matches[at]) {
            why = to_cesu8(*matches[at]);
            duk_push_lstring(heap, why.data(), why.size());
        } else {
            duk_push_undefined(heap);
        }
        duk_put_prop_index(heap, -2, static_cast<duk_uarridx_t>(at));
    }
    return 1;
}

}  // namespace ringside::gateway::valve
