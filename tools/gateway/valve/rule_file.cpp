#include "tools/gateway/valve/rule_file.hpp"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <fstream>
#include <set>
#include <sstream>

#include "shm/base/utf8.hpp"
#include "tools/gateway/valve/rule_type.hpp"
#include "tools/gateway/valve/valve_limits.hpp"

namespace ringside::gateway::valve {

namespace {

/// Reads a file from its root down to its rules, and stops at the first error.
class Reader {
public:
    explicit Reader(const std::filesystem::path& file) : file_(file) {}

    Result<std::vector<FileRule>> read(const YAML::Node& root) {
        if (auto read =
                each_member(root, "the file",
                            [&](const std::string& name, const YAML::Node& key,
                                const YAML::Node& value) { return section(name, key, value); });
            !read) {
            return read.error();
        }
        for (const std::string_view name : sections) {
            if (!root[std::string(name)]) {
                return error_at(root, "section '" + std::string(name) + "' is missing");
            }
        }
        return std::move(rules_);
    }

    [[nodiscard]] Error error_at(const YAML::Mark& mark, const std::string& what) const {
        return {Errc::bad_configuration,
                file_.string() + ":" + std::to_string(std::max(mark.line, 0) + 1) + ": " + what};
    }
    [[nodiscard]] Error error_at(const YAML::Node& node, const std::string& what) const {
        return error_at(node.Mark(), what);
    }

private:
    template <class Visit>
    Result<void> each_member(const YAML::Node& map, const std::string& what, Visit visit) const {
        if (!map.IsMap()) return error_at(map, what + " must be an object");
        std::set<std::string> seen;
        for (const auto& member : map) {
            if (!member.first.IsScalar()) return error_at(member.first, "key must be a string");
            const std::string& name = member.first.Scalar();
            if (!seen.insert(name).second) {
                return error_at(member.first, "'" + name + "' is listed twice");
            }
            if (auto visited = visit(name, member.first, member.second); !visited) return visited;
        }
        return {};
    }

    Result<void> section(const std::string& name, const YAML::Node& key, const YAML::Node& value) {
        if (std::find(sections.begin(), sections.end(), name) == sections.end()) {
            return error_at(key, "unknown section '" + name + "'");
        }
        bool has_root = false;
        auto read = each_member(
            value, "section '" + name + "'",
            [&](const std::string& path, const YAML::Node& at, const YAML::Node& rules) {
                has_root = has_root || path == "*";
                return this->path(name, path, at, rules);
            });
        if (read && !has_root) {
            return error_at(key, "section '" + name + "' lacks the path \"*\"; add it");
        }
        return read;
    }

    Result<void> path(const std::string& section, const std::string& path, const YAML::Node& at,
                      const YAML::Node& rules) {
        if (++paths_ > valve_limits::paths_max) {
            return error_at(at, "more than " + std::to_string(valve_limits::paths_max) + " paths");
        }
        if (path == "<<") return error_at(at, "merge keys are not supported");
        return each_member(
            rules, "'" + section + "' '" + path + "'",
            [&](const std::string& type, const YAML::Node& key, const YAML::Node& value) {
                return rule(section, path, type, key, value);
            });
    }

    Result<void> rule(const std::string& section, const std::string& path, const std::string& type,
                      const YAML::Node& key, const YAML::Node& value) {
        const std::string where = "'" + section + "' '" + path + "' '" + type + "': ";
        if (rule_type_of(section, type) == nullptr) {
            return error_at(key, where + "'" + type + "' is not a rule of '" + section + "'");
        }
        if (!value.IsScalar()) {
            return error_at(value, where + "a rule must be true, false or an expression");
        }
        FileRule made{.section = section,
                      .path = path,
                      .type = type,
                      .rule = value.Scalar(),
                      .line = key.Mark().line + 1};
        // In YAML 1.2's core schema, a quoted scalar is a text.
        const std::string& text = value.Scalar();
        if (value.Tag() == "?") {
            if (text == "true" || text == "True" || text == "TRUE") made.rule = true;
            else if (text == "false" || text == "False" || text == "FALSE") made.rule = false;
            else if (is_number(text)) {
                return error_at(value, where + "a rule must be true, false or an expression");
            }
        }
        rules_.push_back(std::move(made));
        return {};
    }

    static bool is_number(const std::string& text) noexcept {
        double number = 0;
        const char* const end = text.data() + text.size();
        return std::from_chars(text.data(), end, number).ptr == end;
    }

    const std::filesystem::path& file_;
    std::vector<FileRule> rules_;
    std::size_t paths_ = 0;
};

}  // namespace

Result<std::vector<FileRule>> parse_rule_file(std::string_view text,
                                              const std::filesystem::path& file) {
    Reader reader(file);
    if (text.size() > valve_limits::file_bytes_max) {
        return reader.error_at(
            YAML::Mark(),
            "file exceeds " + std::to_string(valve_limits::file_bytes_max) + " bytes");
    }
    if (!is_utf8(text)) return reader.error_at(YAML::Mark(), "file is not UTF-8");
    std::string readable(text);
    // JSON may be indented with tabs, YAML must not. Strings of JSON contain no tabs.
    if (file.extension() == ".json") std::replace(readable.begin(), readable.end(), '\t', ' ');
    try {
        return reader.read(YAML::Load(readable));
    } catch (const YAML::Exception& failure) {
        return reader.error_at(failure.mark, failure.msg);
    }
}

Result<std::vector<FileRule>> read_rule_file(const std::filesystem::path& file) {
    std::ifstream stream(file, std::ios::binary);
    if (!stream) return Error(Errc::bad_configuration, file.string() + ": cannot be read");
    // One byte more than the limit, so that a larger file is detected.
    std::string text(valve_limits::file_bytes_max + 1, '\0');
    stream.read(text.data(), static_cast<std::streamsize>(text.size()));
    if (stream.bad()) return Error(Errc::bad_configuration, file.string() + ": cannot be read");
    text.resize(static_cast<std::size_t>(stream.gcount()));
    return parse_rule_file(text, file);
}

}  // namespace ringside::gateway::valve
