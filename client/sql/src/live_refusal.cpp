#include "live_refusal.hpp"

#include <algorithm>
#include <array>

#include "statistics.hpp"

namespace ringside::sql {

namespace {

/// Functions whose results change while the records do not.
bool changes_by_itself(std::string_view function) noexcept {
    constexpr std::array<std::string_view, 5> names{"random", "randomblob", "changes",
                                                    "total_changes", "last_insert_rowid"};
    return std::ranges::any_of(names, [&](auto name) { return is_same_word(name, function); });
}
bool is_of_time(std::string_view function) noexcept {
    constexpr std::array<std::string_view, 7> names{
        "date", "time", "datetime", "julianday", "unixepoch", "strftime", "timediff"};
    return std::ranges::any_of(names, [&](auto name) { return is_same_word(name, function); });
}
bool is_clock(const Token& token) noexcept {
    return token.is("CURRENT_TIME") || token.is("CURRENT_DATE") || token.is("CURRENT_TIMESTAMP");
}
bool is_other_aggregate(std::string_view function) noexcept {
    constexpr std::array<std::string_view, 7> names{"total",
                                                    "group_concat",
                                                    "string_agg",
                                                    "json_group_array",
                                                    "json_group_object",
                                                    "jsonb_group_array",
                                                    "jsonb_group_object"};
    return is_statistic(function) ||
           std::ranges::any_of(names, [&](auto name) { return is_same_word(name, function); });
}

/// Returns the clause that a token begins if live queries do not support it.
const char* refused_clause(const Token& token) noexcept {
    constexpr std::array clauses{"JOIN",  "HAVING", "ORDER",    "LIMIT",
                                 "UNION", "EXCEPT", "INTERSECT"};
    for (const char* clause : clauses) {
        if (token.is(clause)) return token.is("ORDER") ? "ORDER BY" : clause;
    }
    return nullptr;
}

class Search {
public:
    explicit Search(std::span<const Token> tokens) : tokens_(tokens) {}

    std::optional<LiveRefusal> run() {
        if (!is(0, "SELECT")) return refuse(0, "a statement other than SELECT");
        if (is(1, "DISTINCT")) return refuse(1, "DISTINCT");
        for (std::size_t i = 1; i < tokens_.size() && !refusal_; ++i) look_at(i);
        return refusal_;
    }

private:
    [[nodiscard]] bool is(std::size_t i, std::string_view keyword) const noexcept {
        return i < tokens_.size() && tokens_[i].is(keyword);
    }
    std::optional<LiveRefusal> refuse(std::size_t i, const char* what) {
        refusal_ = LiveRefusal{i < tokens_.size() ? tokens_[i].at : 0, what};
        return refusal_;
    }

    void look_at(std::size_t i) {
        const Token& token = tokens_[i];
        if (token.is("(")) ++depth_;
        if (token.is(")")) --depth_;
        const char* clause = depth_ == 0 ? refused_clause(token) : nullptr;
        if (clause != nullptr) refuse(i, clause);
        else if (token.is("SELECT") || token.is("VALUES")) refuse(i, "a subquery");
        else if (token.is("IN") && !is(i + 1, "(")) refuse(i, "IN with a table");
        else if (token.is("OVER") && is(i - 1, ")")) refuse(i, "a window function");
        else if (token.is("WINDOW") && is(i + 2, "AS")) refuse(i, "a window");
        else if (is_clock(token)) refuse(i, "the time of day");
        else if (token.is_name() && is(i + 1, "(")) look_at_call(i);
    }
    void look_at_call(std::size_t i) {
        const std::string_view function = tokens_[i].unquoted();
        if (changes_by_itself(function))
            refuse(i, "a function that depends on more than the records");
        else if (is_other_aggregate(function)) refuse(i, "this aggregate");
        else if (is_of_time(function) && asks_for_now(i)) refuse(i, "the time of day");
    }
    /// Date functions use the current time for 'now', and if no time is given (or only 'subsec').
    [[nodiscard]] bool asks_for_now(std::size_t call) const noexcept {
        const bool has_format = is_same_word(tokens_[call].unquoted(), "strftime");
        std::size_t arguments = 0;
        std::size_t depth = 0;
        for (std::size_t i = call + 1; i < tokens_.size(); ++i) {
            const Token& token = tokens_[i];
            if (token.is(")") && --depth == 0) break;
            if (depth == 1 && (arguments == 0 || token.is(","))) ++arguments;
            if (token.is("(")) ++depth;
            if (is_now(token, i == call + 2)) return true;
        }
        return arguments < (has_format ? 2 : 1);
    }

    static bool is_now(const Token& token, bool is_first) noexcept {
        if (token.kind != Token::Kind::string) return false;
        const std::string_view text = token.unquoted();
        return is_same_word(text, "now") ||
               (is_first && (is_same_word(text, "subsec") || is_same_word(text, "subsecond")));
    }

    std::span<const Token> tokens_;
    std::optional<LiveRefusal> refusal_;
    std::size_t depth_ = 0;
};

}  // namespace

std::optional<LiveRefusal> refusal_of(std::span<const Token> tokens) {
    return Search(tokens).run();
}

}  // namespace ringside::sql
