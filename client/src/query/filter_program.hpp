#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "ringside/field.hpp"
#include "ringside/predicate.hpp"

namespace ringside::query {

/// A record to examine, with the root of its document.
struct Candidate {
    const RecordView* record;
    Value root;
};

/// A condition, or a combination of several, as a list of tests. Each test names its successor for
/// both outcomes, so only as many tests run as are needed for the result.
/// Thread safety: one thread, see FieldReader.
class FilterProgram {
public:
    explicit FilterProgram(const Predicate::Node& node);

    [[nodiscard]] bool matches(const Candidate& candidate) const noexcept;
    /// See `Filter::keep`.
    [[nodiscard]] std::size_t keep(std::span<Candidate> candidates) const noexcept;

private:
    static constexpr std::int32_t accept = -1;
    static constexpr std::int32_t reject = -2;

    enum class Kind : std::uint8_t {
        equal_text,  ///< compares a value of the document with a string: most conditions
        integer,     ///< compares a value of the document with an integer
        comparison,
        any_of,
        starts_with,
        is_null,
        exists,
    };
    struct Test {
        Kind kind;
        Comparison comparison;
        std::int32_t if_true;
        std::int32_t if_false;
        std::int64_t integer;
        std::string text;
        FieldReader reader;
        std::vector<OwnedScalar> constants;
    };

    std::int32_t compile(const Predicate::Node& node, std::int32_t if_true, std::int32_t if_false);
    std::int32_t compile_parts(const Predicate::Node& node, std::int32_t if_true,
                               std::int32_t if_false);
    std::int32_t add_test(const Predicate::Node& node, std::int32_t if_true, std::int32_t if_false);
    [[nodiscard]] static bool holds(const Test& test, const Candidate& candidate) noexcept;
    [[nodiscard]] static bool holds_of_text(const Test& test, const Value& value) noexcept;
    [[nodiscard]] static bool holds_of_integer(const Test& test, const Value& value) noexcept;
    [[nodiscard]] static bool holds_generally(const Test& test,
                                              const Candidate& candidate) noexcept;

    std::vector<Test> tests_;
    std::int32_t begin_;
};

}  // namespace ringside::query
