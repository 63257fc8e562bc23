#pragma once

#include <deque>
#include <optional>
#include <string>
#include <string_view>

#include "shm/document/value.hpp"

namespace ringside::sql {

/// A path as SQLite's JSON functions take it, of the usual kind: `$.a.b[0]`, `$."a b"[#-1]`, and
/// for the operators `->` and `->>` a key or an index alone, too. How SQLite reads others is its
/// own affair, and differs from release to release.
/// Thread safety: one thread.
class JsonPath {
public:
    /// None: not of that kind. `is_operator`: the path of `->` or `->>`.
    [[nodiscard]] static std::optional<JsonPath> parse(std::string_view text, bool is_operator);

    /// A value that does not exist where the path leads nowhere.
    [[nodiscard]] Value find(Value at) const noexcept;

private:
    struct Step {
        explicit Step(std::string_view text) : key_text(text), key(key_text) {}
        explicit Step(std::size_t number, bool backwards)
            : key(key_text), index(number), is_from_end(backwards), is_key(false) {}

        std::string key_text;
        Value::Key key;
        std::size_t index = 0;
        bool is_from_end = false;
        bool is_key = true;
    };
    [[nodiscard]] bool parse_member(std::string_view& rest);
    [[nodiscard]] bool parse_element(std::string_view& rest);

    std::deque<Step> steps_;  ///< that do not move, as their keys look at their texts
};

}  // namespace ringside::sql
