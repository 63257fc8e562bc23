#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "tools/kafka/mapping/constant.hpp"
#include "tools/kafka/mapping/conversion.hpp"
#include "tools/kafka/mapping/field_template.hpp"
#include "tools/support/toml_file.hpp"

namespace ringside::kafka {

/// The new value of a member: a constant, a list of constants, a field with its type, a text with
/// fields.
using SetValue = std::variant<Constant, std::vector<Constant>, FieldId, FieldTemplate>;

/// The changes of a rule to a member of the document and its descendants.
struct ShapeMember {
    enum class Listing : std::uint8_t { inherited, included, excluded };

    std::string name;
    std::string path;  ///< for people
    Listing listing = Listing::inherited;
    std::optional<MemberPath> moved_from;  ///< from the root of the document
    std::optional<Conversion> conversion;
    std::optional<SetValue> set;
    std::vector<ShapeMember> members;  ///< sorted by name

    /// Returns null if no change applies.
    [[nodiscard]] const ShapeMember* find(std::string_view member) const noexcept;
};

/// The members that `rename` moves away.
struct MovedMember {
    std::string name;
    bool is_moved = false;             ///< the member itself moves, not only a descendant
    std::vector<MovedMember> members;  ///< sorted by name

    [[nodiscard]] const MovedMember* find(std::string_view member) const noexcept;
};

/// How a rule converts the message's document to the record's: members are renamed, then selected,
/// then converted, then others are set. All paths except the old name in `rename` refer to the new
/// document. Applies to members of objects only; an array is kept or dropped as a whole. Missing
/// members are neither renamed nor converted.
/// Thread safety: immutable.
struct Shape {
    ShapeMember root;
    MovedMember moved;
    bool keeps_others = true;  ///< members that no key mentions

    /// Reads the keys include, exclude, rename, convert and set of a rule. Returns none if it has
    /// none of them.
    /// Error: bad_configuration.
    static Result<std::optional<Shape>> read(const tools::TomlFile& file, const toml::table& rule,
                                             FieldTable& fields);
};

}  // namespace ringside::kafka
