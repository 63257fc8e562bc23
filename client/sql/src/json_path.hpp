#pragma once

#include <deque>
#include <optional>
#include <string>
#include <string_view>

#include "shm/document/value.hpp"

namespace ringside::sql {

/// A path of SQLite's JSON functions in the usual form: `$.a.b[0]`, `$."a b"[#-1]`, and for the
/// operators `->` and `->>` also a single key or index. SQLite's treatment of other paths differs
/// between releases.
/// Thread safety: one thread.
class JsonPath {
public:
    /// Returns none for a path in another form. `is_operator`: the path of `->` or `->>`.
    [[nodiscard]] static std::optional<JsonPath> parse(std::string_view text, bool is_operator);

    /// Returns a value that does not exist if the path leads nowhere.
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

    std::deque<Step> steps_;  ///< stable addresses, because their keys are views of their texts
};

}  // namespace ringside::sql
