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

/// What a member is set to: a constant, a list of them, a field with its type, a text with fields.
using SetValue = std::variant<Constant, std::vector<Constant>, FieldId, FieldTemplate>;

/// What a rule does with a member of the document, and with those within it.
struct ShapeMember {
    enum class Listing : std::uint8_t { inherited, included, excluded };

    std::string name;
    std::string path;  ///< for people
    Listing listing = Listing::inherited;
    std::optional<MemberPath> moved_from;  ///< from the document's root
    std::optional<Conversion> conversion;
    std::optional<SetValue> set;
    std::vector<ShapeMember> members;  ///< sorted by name

    /// Null where nothing is done with it.
    [[nodiscard]] const ShapeMember* find(std::string_view member) const noexcept;
};

/// The members that `rename` takes away from where they were.
struct MovedMember {
    std::string name;
    bool is_moved = false;             ///< it is itself, and not only something within it
    std::vector<MovedMember> members;  ///< sorted by name

    [[nodiscard]] const MovedMember* find(std::string_view member) const noexcept;
};

/// How a rule turns the message's document into the record's: members are renamed, then some of
/// them kept, then converted, then others set. All but the old name in `rename` speak of the
/// document as it will be. Members of objects only: an array is kept or left out as it is.
/// What is not there, is neither renamed nor converted.
/// Thread safety: immutable.
struct Shape {
    ShapeMember root;
    MovedMember moved;
    bool keeps_others = true;  ///< what nothing is said of

    /// From the keys include, exclude, rename, convert and set of a rule; none where it has none of
    /// them. Error: bad_configuration.
    static Result<std::optional<Shape>> read(const tools::TomlFile& file, const toml::table& rule,
                                             FieldTable& fields);
};

}  // namespace ringside::kafka
