#include <toml++/toml.h>
#include <algorithm>
#include <array>

#include "tools/kafka/mapping/shape.hpp"
#include "tools/kafka/mapping/toml_values.hpp"

namespace ringside::kafka {

namespace {

using tools::TomlFile;

constexpr std::array<std::pair<std::string_view, Conversion>, 5> conversions = {
    {{"integer", Conversion::integer},
     {"number", Conversion::number},
     {"boolean", Conversion::boolean},
     {"string", Conversion::string},
     {"timestamp_ms", Conversion::timestamp_ms}}};

template <class Member>
Member& member_of(std::vector<Member>& members, const std::string& name) {
    const auto known = std::find_if(members.begin(), members.end(),
                                    [&](const Member& member) { return member.name == name; });
    if (known != members.end()) return *known;
    Member& added = members.emplace_back();
    added.name = name;
    return added;
}

/// Merges the keys into one tree.
class ShapeReader {
public:
    ShapeReader(const TomlFile& file, FieldTable& fields) : file_(file), fields_(fields) {}

    Result<void> read(const toml::table& rule) {
        const toml::node* include = rule.get("include");
        const toml::node* exclude = rule.get("exclude");
        if (include != nullptr && exclude != nullptr) {
            return file_.error_at(*exclude, "rule has both include and exclude; keep one");
        }
        const auto each = [&](const char* key, auto entries, auto add) -> Result<void> {
            const toml::node* node = rule.get(key);
            if (node == nullptr) return {};
            auto read = entries(file_, key, *node);
            if (!read) return read.error();
            for (PathEntry& entry : *read) {
                if (auto added = (this->*add)(entry); !added) return added;
            }
            return {};
        };
        if (auto read = each("include", read_path_list, &ShapeReader::include); !read) return read;
        if (auto read = each("exclude", read_path_list, &ShapeReader::exclude); !read) return read;
        if (auto read = each("rename", read_path_table, &ShapeReader::rename); !read) return read;
        if (auto read = each("convert", read_path_table, &ShapeReader::convert); !read) return read;
        if (auto read = each("set", read_path_table, &ShapeReader::set); !read) return read;
        return {};
    }

    Shape take() { return std::move(shape_); }

private:
    [[nodiscard]] Error error_at(const PathEntry& entry, const std::string& what) const {
        return file_.error_at(*entry.node, "'" + entry.text + "' " + what);
    }

    /// Returns the member at a path, creating it if necessary.
    ShapeMember& at(const MemberPath& path) {
        ShapeMember* member = &shape_.root;
        for (const std::string& name : path) {
            ShapeMember& below = member_of(member->members, name);
            below.path = member->path.empty() ? name : member->path + "." + name;
            member = &below;
        }
        return *member;
    }

    Result<void> include(const PathEntry& entry) {
        at(entry.path).listing = ShapeMember::Listing::included;
        shape_.keeps_others = false;
        return {};
    }

    Result<void> exclude(const PathEntry& entry) {
        at(entry.path).listing = ShapeMember::Listing::excluded;
        return {};
    }

    Result<void> rename(const PathEntry& entry) {
        const auto text = entry.node->value_exact<std::string_view>();
        if (!text) return error_at(entry, "must be renamed to a path in quotes");
        auto path = parse_member_path(*text);
        if (!path) return error_at(entry, "cannot be renamed: " + path.error().detail);
        if (path->empty()) return error_at(entry, "has an empty new name");
        ShapeMember& member = at(*path);
        if (member.moved_from) {
            return error_at(entry, "is renamed to '" + member.path + "' and so is another member");
        }
        member.moved_from = entry.path;
        MovedMember* moved = &shape_.moved;
        for (const std::string& name : entry.path) moved = &member_of(moved->members, name);
        moved->is_moved = true;
        return {};
    }

    Result<void> convert(const PathEntry& entry) {
        ShapeMember& member = at(entry.path);
        Conversion conversion{};
        if (auto taken = file_.to(conversion, conversions)("convert." + entry.text, *entry.node);
            !taken) {
            return taken;
        }
        member.conversion = conversion;
        return {};
    }

    Result<void> set(const PathEntry& entry) {
        auto value = set_value(entry);
        if (!value) return value.error();
        ShapeMember& member = at(entry.path);
        if (member.moved_from)
            return error_at(entry, "is set, and another member is renamed to it; keep one");
        if (member.conversion) return error_at(entry, "is set and converted; keep one");
        member.set = std::move(*value);
        return {};
    }

    [[nodiscard]] Result<SetValue> set_value(const PathEntry& entry) const {
        const std::string key = "set." + entry.text;
        if (entry.node->is_array()) {
            auto constants = read_constants(file_, key, *entry.node);
            if (!constants) return constants.error();
            return SetValue(std::move(*constants));
        }
        auto constant = read_constant(file_, key, *entry.node);
        if (!constant) return constant.error();
        const auto* text = std::get_if<std::string>(&*constant);
        if (text == nullptr) return SetValue(std::move(*constant));
        auto parsed = FieldTemplate::parse(*text, fields_);
        if (!parsed) return file_.error_at(*entry.node, key + ": " + parsed.error().detail);
        if (parsed->is_one_field()) return SetValue(parsed->parts()[0].field);
        if (parsed->parts().size() == 1) return SetValue(std::move(*constant));
        return SetValue(std::move(*parsed));
    }

    const TomlFile& file_;
    FieldTable& fields_;
    Shape shape_;
};

/// A converted or set member is a single value, so no change can apply within it.
Result<void> check_leaves(const TomlFile& file, const toml::table& rule,
                          const ShapeMember& member) {
    if ((member.conversion || member.set) && !member.members.empty()) {
        return file.error_at(rule, "'" + member.path + "' is " +
                                       (member.set ? "set" : "converted") + "; remove '" +
                                       member.members.front().path + "' within it");
    }
    for (const ShapeMember& below : member.members) {
        if (auto checked = check_leaves(file, rule, below); !checked) return checked;
    }
    return {};
}

template <class Member>
void sort_by_name(std::vector<Member>& members) {
    std::ranges::sort(members, {}, &Member::name);
    for (Member& member : members) sort_by_name(member.members);
}

/// REQUIRES: sorted by name.
template <class Member>
const Member* find_in(const std::vector<Member>& members, std::string_view name) noexcept {
    const auto found = std::ranges::lower_bound(
        members, name, {}, [](const Member& member) { return std::string_view(member.name); });
    return found == members.end() || found->name != name ? nullptr : &*found;
}

}  // namespace

const ShapeMember* ShapeMember::find(std::string_view member) const noexcept {
    return find_in(members, member);
}

const MovedMember* MovedMember::find(std::string_view member) const noexcept {
    return find_in(members, member);
}

Result<std::optional<Shape>> Shape::read(const TomlFile& file, const toml::table& rule,
                                         FieldTable& fields) {
    constexpr std::array keys = {"include", "exclude", "rename", "convert", "set"};
    if (std::none_of(keys.begin(), keys.end(),
                     [&](const char* key) { return rule.get(key) != nullptr; })) {
        return std::optional<Shape>();
    }
    ShapeReader reader(file, fields);
    if (auto read = reader.read(rule); !read) return read.error();
    std::optional<Shape> shape = reader.take();
    if (auto checked = check_leaves(file, rule, shape->root); !checked) return checked.error();
    sort_by_name(shape->root.members);
    sort_by_name(shape->moved.members);
    return shape;
}

}  // namespace ringside::kafka
