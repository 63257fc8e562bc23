#include "regexp.hpp"

#include <re2/re2.h>

#include <algorithm>
#include <memory>
#include <new>
#include <string>

namespace ringside::sql {

namespace {

/// Memory of a compiled pattern, including the states that RE2 builds while it matches.
constexpr std::int64_t pattern_bytes_max = 1 << 20;
/// Instructions of the pattern times bytes of the text. In the worst case, about 2 s.
constexpr std::uint64_t match_steps_max = 1ULL << 28;
/// Steps between checks of the guard. In the worst case, about 10 ms.
constexpr std::uint64_t steps_between_checks = 1ULL << 20;
/// Steps that take as long as compiling one instruction of a pattern.
constexpr std::uint64_t steps_of_compilation = 256;

/// A compiled pattern, kept by SQLite for as long as the pattern is constant.
class CompiledPattern {
public:
    CompiledPattern(re2::StringPiece pattern, Guard& guard)
        : guard_(guard), expression_(pattern, options()) {}
    ~CompiledPattern() { guard_.give_back(charged_); }
    CompiledPattern(const CompiledPattern&) = delete;
    CompiledPattern& operator=(const CompiledPattern&) = delete;

    [[nodiscard]] bool charge() {
        charged_ = pattern_bytes_max;
        return guard_.take(charged_);
    }
    [[nodiscard]] const re2::RE2& expression() const noexcept { return expression_; }
    [[nodiscard]] std::uint64_t instructions() const {
        return static_cast<std::uint64_t>(std::max(expression_.ProgramSize(), 1));
    }

private:
    static re2::RE2::Options options() {
        re2::RE2::Options options;
        options.set_log_errors(false);
        options.set_never_capture(true);
        options.set_max_mem(pattern_bytes_max);
        return options;
    }

    Guard& guard_;
    std::size_t charged_ = 0;
    re2::RE2 expression_;
};

/// State of the function on one connection.
struct RegexpFunction {
    Guard& guard;
    std::uint64_t steps = 0;  ///< since the last check of the guard

    [[nodiscard]] bool may_continue(std::uint64_t more) {
        steps += more;
        if (steps < steps_between_checks) return true;
        steps = 0;
        return guard.may_go_on();
    }
};

/// Bytes of a text or BLOB. Reading the text of a BLOB would change the argument.
re2::StringPiece piece_of(sqlite3_value* value) {
    const bool is_blob = sqlite3_value_type(value) == SQLITE_BLOB;
    const void* bytes = is_blob ? sqlite3_value_blob(value) : sqlite3_value_text(value);
    if (bytes == nullptr && !is_blob) throw std::bad_alloc();
    return {static_cast<const char*>(bytes), static_cast<std::size_t>(sqlite3_value_bytes(value))};
}

void fail_regexp(sqlite3_context* context, const std::string& message) {
    sqlite3_result_error(context, message.c_str(), static_cast<int>(message.size()));
}

/// Returns null if the pattern is invalid or the guard ends the statement; the error is set.
std::unique_ptr<CompiledPattern> compile(sqlite3_context* context, RegexpFunction& function,
                                         re2::StringPiece pattern) {
    const int bytes_max =
        sqlite3_limit(sqlite3_context_db_handle(context), SQLITE_LIMIT_LIKE_PATTERN_LENGTH, -1);
    if (pattern.size() > static_cast<std::size_t>(bytes_max)) {
        fail_regexp(context,
                    "REGEXP pattern is longer than " + std::to_string(bytes_max) + " bytes");
        return nullptr;
    }
    auto compiled = std::make_unique<CompiledPattern>(pattern, function.guard);
    if (!compiled->expression().ok()) {
        fail_regexp(context, "invalid REGEXP pattern: " + compiled->expression().error());
        return nullptr;
    }
    if (!compiled->charge() ||
        !function.may_continue(compiled->instructions() * steps_of_compilation)) {
        fail_regexp(context, "interrupted");
        return nullptr;
    }
    return compiled;
}

void match_regexp(sqlite3_context* context, RegexpFunction& function, sqlite3_value** values) {
    if (sqlite3_value_type(values[0]) == SQLITE_NULL ||
        sqlite3_value_type(values[1]) == SQLITE_NULL) {
        return;
    }
    auto* pattern = static_cast<CompiledPattern*>(sqlite3_get_auxdata(context, 0));
    std::unique_ptr<CompiledPattern> compiled;
    if (pattern == nullptr) {
        compiled = compile(context, function, piece_of(values[0]));
        pattern = compiled.get();
    }
    if (pattern == nullptr) return;
    const re2::StringPiece text = piece_of(values[1]);
    const std::uint64_t steps = pattern->instructions() * text.size();
    if (steps > match_steps_max) {
        fail_regexp(context, "REGEXP text is too long for this pattern");
        return sqlite3_result_error_code(context, SQLITE_TOOBIG);
    }
    if (!function.may_continue(steps)) return fail_regexp(context, "interrupted");
    sqlite3_result_int(context, re2::RE2::PartialMatch(text, pattern->expression()) ? 1 : 0);
    if (compiled == nullptr) return;
    sqlite3_set_auxdata(context, 0, compiled.release(),
                        [](void* kept) { delete static_cast<CompiledPattern*>(kept); });
}

/// Exceptions must not pass through SQLite, which is written in C.
void call_regexp(sqlite3_context* context, int, sqlite3_value** values) {
    try {
        match_regexp(context, *static_cast<RegexpFunction*>(sqlite3_user_data(context)), values);
    } catch (const std::bad_alloc&) {
        sqlite3_result_error_nomem(context);
    }
}

}  // namespace

void add_regexp(sqlite3* connection, Guard& guard) {
    sqlite3_create_function_v2(
        connection, "regexp", 2, SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS,
        new RegexpFunction{guard}, call_regexp, nullptr, nullptr,
        [](void* function) { delete static_cast<RegexpFunction*>(function); });
}

}  // namespace ringside::sql
