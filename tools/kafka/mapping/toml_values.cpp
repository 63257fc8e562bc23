#include "tools/kafka/mapping/toml_values.hpp"

#include <toml++/toml.h>
#include <algorithm>

#include "tools/kafka/mapping/mapping_limits.hpp"

namespace ringside::kafka {

namespace {

using tools::TomlFile;

/// Collects the paths of one key.
class PathReader {
public:
    PathReader(const TomlFile& file, std::string_view key) : file_(file), key_(key) {}

    Result<void> table(const toml::table& table, const PathEntry& above) {
        if (table.empty())
            return file_.error_at(table, std::string(key_) + " names no members; add one");
        for (const auto& [key, node] : table) {
            auto entry = below(above, key.str(), node);
            if (!entry) return entry.error();
            const toml::table* deeper = node.as_table();
            auto added = deeper != nullptr ? this->table(*deeper, *entry) : add(std::move(*entry));
            if (!added) return added;
        }
        return {};
    }

    Result<void> list(const toml::array& list) {
        for (const toml::node& node : list) {
            const auto text = node.value_exact<std::string_view>();
            if (!text) return file_.error_at(node, std::string(key_) + " must be a list of paths");
            auto entry = below({}, *text, node);
            if (!entry) return entry.error();
            if (auto added = add(std::move(*entry)); !added) return added;
        }
        return {};
    }

    std::vector<PathEntry> take() { return std::move(entries_); }

private:
    Result<PathEntry> below(const PathEntry& above, std::string_view text,
                            const toml::node& node) const {
        auto path = parse_member_path(text);
        if (!path) return file_.error_at(node, std::string(key_) + ": " + path.error().detail);
        PathEntry entry = above;
        entry.path.insert(entry.path.end(), path->begin(), path->end());
        entry.text += (above.text.empty() ? "" : ".") + std::string(text);
        entry.node = &node;
        if (entry.path.size() > mapping_limits::path_members_max) {
            return file_.error_at(node, std::string(key_) + ": a path has more than " +
                                            std::to_string(mapping_limits::path_members_max) +
                                            " members");
        }
        return entry;
    }

    Result<void> add(PathEntry entry) {
        if (entry.path.empty()) {
            return file_.error_at(*entry.node, std::string(key_) + ": '' names no member");
        }
        if (entries_.size() == mapping_limits::shape_paths_max) {
            return file_.error_at(*entry.node, std::string(key_) + " has more than " +
                                                   std::to_string(mapping_limits::shape_paths_max) +
                                                   " paths");
        }
        if (std::any_of(entries_.begin(), entries_.end(),
                        [&](const PathEntry& other) { return other.path == entry.path; })) {
            return file_.error_at(*entry.node,
                                  std::string(key_) + ": '" + entry.text + "' is listed twice");
        }
        entries_.push_back(std::move(entry));
        return {};
    }

    const TomlFile& file_;
    std::string_view key_;
    std::vector<PathEntry> entries_;
};

}  // namespace

TomlFile::Take to_field(std::optional<FieldId>& field, const TomlFile& file, FieldTable& fields) {
    return [&](std::string_view key, const toml::node& node) -> Result<void> {
        std::string text;
        if (auto taken = file.to(text)(key, node); !taken) return taken;
        const auto added = fields.add(text);
        if (!added) return file.error_at(node, std::string(key) + ": " + added.error().detail);
        field = *added;
        return {};
    };
}

Result<std::vector<PathEntry>> read_path_table(const TomlFile& file, std::string_view key,
                                               const toml::node& node) {
    const toml::table* table = node.as_table();
    if (table == nullptr) {
        return file.error_at(node, std::string(key) + " must be a table with paths as keys");
    }
    PathReader reader(file, key);
    if (auto read = reader.table(*table, {}); !read) return read.error();
    return reader.take();
}

Result<std::vector<PathEntry>> read_path_list(const TomlFile& file, std::string_view key,
                                              const toml::node& node) {
    const toml::array* list = node.as_array();
    if (list == nullptr || list->empty()) {
        return file.error_at(node, std::string(key) + " must be a list of at least one path");
    }
    PathReader reader(file, key);
    if (auto read = reader.list(*list); !read) return read.error();
    return reader.take();
}

}  // namespace ringside::kafka
