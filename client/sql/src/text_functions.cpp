#include "text_functions.hpp"

#include <string.h>

#include <algorithm>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include "built_ins.hpp"
#include "shm/base/keyed_hash.hpp"
#include "shm/base/limits.hpp"

namespace ringside::sql {

namespace {

bool is_continuation(char c) noexcept { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

/// Returns none for NULL, or without memory. Valid as long as the value.
std::optional<std::string_view> text_of(sqlite3_value* value) {
    const auto* text = reinterpret_cast<const char*>(sqlite3_value_text(value));
    if (text == nullptr) return std::nullopt;
    return std::string_view(text, static_cast<std::size_t>(sqlite3_value_bytes(value)));
}

std::string_view blob_of(sqlite3_value* value) {
    const auto* bytes = static_cast<const char*>(sqlite3_value_blob(value));
    if (bytes == nullptr) return {};
    return {bytes, static_cast<std::size_t>(sqlite3_value_bytes(value))};
}

void give_text(sqlite3_context* context, std::string_view text) {
    sqlite3_result_text64(context, text.data(), text.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
}

/// Linear in the size of both, unlike std::string_view::find.
std::size_t find_bytes(std::string_view text, std::string_view wanted, std::size_t from) noexcept {
    if (from > text.size()) return std::string_view::npos;
    if (wanted.empty()) return from;
    if (text.size() - from < wanted.size()) return std::string_view::npos;
    const void* found =
        memmem(text.data() + from, text.size() - from, wanted.data(), wanted.size());
    if (found == nullptr) return std::string_view::npos;
    return static_cast<std::size_t>(static_cast<const char*>(found) - text.data());
}

struct FreeArgument {
    void operator()(sqlite3_value* value) const noexcept { sqlite3_value_free(value); }
};
using ArgumentCopy = std::unique_ptr<sqlite3_value, FreeArgument>;

/// instr(text, wanted): the position of the first match, from 1 on, in characters, or in bytes for
/// two BLOBs.
void instr(sqlite3_context* context, int, sqlite3_value** values) {
    const auto is_blob = [&](int i) { return sqlite3_value_type(values[i]) == SQLITE_BLOB; };
    const bool are_blobs = is_blob(0) && is_blob(1);
    ArgumentCopy copies[2];
    std::string_view bytes[2];
    for (int i = 0; i < 2; ++i) {
        // Reading the text of a BLOB would turn the argument itself into a text.
        if (is_blob(i) && !are_blobs) copies[i].reset(sqlite3_value_dup(values[i]));
        sqlite3_value* const value = copies[i] ? copies[i].get() : values[i];
        const auto text = are_blobs ? std::optional(blob_of(value)) : text_of(value);
        if (!text) return;
        bytes[i] = *text;
    }
    const auto [text, wanted] = std::pair(bytes[0], bytes[1]);
    std::size_t at = find_bytes(text, wanted, 0);
    // Matches begin at characters.
    while (!are_blobs && at != std::string_view::npos && at > 0 && at < text.size() &&
           is_continuation(text[at])) {
        at = find_bytes(text, wanted, at + 1);
    }
    if (at == std::string_view::npos) return sqlite3_result_int(context, 0);
    const std::string_view before = text.substr(0, at);
    std::int64_t units = static_cast<std::int64_t>(at);
    if (!are_blobs) {
        units =
            std::count_if(before.begin(), before.end(), [](char c) { return !is_continuation(c); });
        if (!before.empty() && is_continuation(before.front())) ++units;
    }
    sqlite3_result_int64(context, units + 1);
}

/// replace(text, old, new).
void replace(sqlite3_context* context, int, sqlite3_value** values) {
    const auto text = text_of(values[0]);
    const auto old = text_of(values[1]);
    if (!text || !old) return;
    if (old->empty() || old->front() == '\0') {
        return sqlite3_result_value(context, values[0]);
    }
    const auto made = text_of(values[2]);
    if (!made) return;
    std::string result;
    for (std::size_t begin = 0;;) {
        const std::size_t at = std::min(find_bytes(*text, *old, begin), text->size());
        result.append(*text, begin, at - begin);
        if (at == text->size()) break;
        result.append(*made);
        if (result.size() > limits::sql_value_bytes_max) {
            return sqlite3_result_error_toobig(context);
        }
        begin = at + old->size();
    }
    give_text(context, result);
}

/// The characters that `trim` removes.
class CharacterSet {
public:
    explicit CharacterSet(std::string_view text) {
        for (std::size_t begin = 0; begin < text.size();) {
            std::size_t end = begin + 1;
            while (static_cast<unsigned char>(text[begin]) >= 0xC0 && end < text.size() &&
                   is_continuation(text[end])) {
                ++end;
            }
            const std::size_t size = end - begin;
            characters_.insert(text.substr(begin, size));
            if (std::find(sizes_.begin(), sizes_.end(), size) == sizes_.end()) {
                sizes_.push_back(size);
            }
            begin = end;
        }
    }
    void trim_left(std::string_view& text) const {
        while (const std::size_t size =
                   match(text, [&](std::size_t s) { return text.substr(0, s); })) {
            text.remove_prefix(size);
        }
    }
    void trim_right(std::string_view& text) const {
        while (const std::size_t size =
                   match(text, [&](std::size_t s) { return text.substr(text.size() - s); })) {
            text.remove_suffix(size);
        }
    }

private:
    template <class Part>
    [[nodiscard]] std::size_t match(std::string_view text, Part part) const {
        for (const std::size_t size : sizes_) {
            if (size <= text.size() && characters_.contains(part(size))) return size;
        }
        return 0;
    }

    std::unordered_set<std::string_view, TextHash> characters_;
    std::vector<std::size_t> sizes_;
};

enum class Side : int { left = 1, right = 2, both = 3 };

/// trim(text), trim(text, characters), and the variants for one side.
template <Side side>
void trim(sqlite3_context* context, int count, sqlite3_value** values) {
    auto text = text_of(values[0]);
    const auto characters = count == 1 ? std::string_view(" ") : text_of(values[1]);
    if (!text || !characters) return;
    const CharacterSet set(*characters);
    if constexpr (side != Side::right) set.trim_left(*text);
    if constexpr (side != Side::left) set.trim_right(*text);
    give_text(context, *text);
}

std::uint64_t magnitude(std::int64_t number) noexcept {
    return number < 0 ? -static_cast<std::uint64_t>(number) : static_cast<std::uint64_t>(number);
}

/// Returns whether the widths and precisions of a format ask for more bytes than a value may have.
/// SQLite would return NULL for some, and for `%c` append characters one by one to no text.
bool is_too_wide(std::string_view format, int count, sqlite3_value** values) {
    int next = 1;  // argument
    std::uint64_t bytes = 0;
    const auto take = [&]() -> std::int64_t {
        return next < count ? sqlite3_value_int(values[next++]) : 0;  // as in SQLite
    };
    for (std::size_t at = format.find('%'); at < format.size(); at = format.find('%', at)) {
        const auto peek = [&] { return at < format.size() ? format[at] : '\0'; };
        const auto skip = [&](std::string_view characters) {
            while (at < format.size() && characters.find(format[at]) != std::string_view::npos)
                ++at;
        };
        const auto number = [&]() -> std::int64_t {
            if (peek() == '*') {
                ++at;
                return take();
            }
            std::int64_t value = 0;
            for (; peek() >= '0' && peek() <= '9'; ++at) {
                value = std::min<std::int64_t>(value * 10 + (peek() - '0'), INT32_MAX);
            }
            return value;
        };
        ++at;
        skip("-+ #!0,");
        const std::int64_t width = number();
        std::int64_t precision = 0;
        if (peek() == '.') {
            ++at;
            precision = number();
        }
        skip("l");
        const char conversion = peek();
        if (at < format.size()) ++at;
        bytes += magnitude(width);
        // For texts, the precision is the maximum length.
        constexpr std::string_view texts = "szqQw";
        if (texts.find(conversion) == std::string_view::npos) bytes += magnitude(precision);
        if (bytes > limits::sql_value_bytes_max) return true;
        if (conversion != '%' && conversion != 'n' && next < count) ++next;
    }
    return false;
}

/// printf(format, …), format(format, …).
void format_text(sqlite3_context* context, int count, sqlite3_value** values) {
    const auto format = count == 0 ? std::nullopt : text_of(values[0]);
    if (format && is_too_wide(*format, count, values)) {
        return sqlite3_result_error_toobig(context);
    }
    auto& built_ins = *static_cast<BuiltIns*>(sqlite3_user_data(context));
    built_ins.call(context, call_expression("printf", count), count, values);
}

using Implementation = void (*)(sqlite3_context*, int, sqlite3_value**);

/// SQLite is written in C, so no exception may pass through it.
template <Implementation function>
void call_safely(sqlite3_context* context, int count, sqlite3_value** values) {
    try {
        function(context, count, values);
    } catch (const std::bad_alloc&) {
        sqlite3_result_error_nomem(context);
    }
}

struct TextFunction {
    const char* name;
    int arguments;
    Implementation function;
};
constexpr TextFunction text_functions[]{
    {"instr", 2, call_safely<instr>},
    {"replace", 3, call_safely<replace>},
    {"trim", 1, call_safely<trim<Side::both>>},
    {"trim", 2, call_safely<trim<Side::both>>},
    {"ltrim", 1, call_safely<trim<Side::left>>},
    {"ltrim", 2, call_safely<trim<Side::left>>},
    {"rtrim", 1, call_safely<trim<Side::right>>},
    {"rtrim", 2, call_safely<trim<Side::right>>},
};
constexpr int text_function_flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS;

}  // namespace

void add_text_functions(sqlite3* connection) {
    for (const TextFunction& one : text_functions) {
        sqlite3_create_function_v2(connection, one.name, one.arguments, text_function_flags,
                                   nullptr, one.function, nullptr, nullptr, nullptr);
    }
    for (const char* name : {"printf", "format"}) {
        sqlite3_create_function_v2(connection, name, -1, text_function_flags, new BuiltIns(),
                                   call_safely<format_text>, nullptr, nullptr,
                                   [](void* made) { delete static_cast<BuiltIns*>(made); });
    }
}

}  // namespace ringside::sql
