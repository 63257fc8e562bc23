#include <grp.h>
#include <pwd.h>

#include <toml++/toml.h>
#include <limits>
#include <optional>

#include "broker/config/options.hpp"

namespace ringside::broker {

namespace {

/// Adds the position in the file to an error.
Error error_at(const toml::node& node, const std::string& what) {
    const auto& source = node.source();
    const std::string path = source.path ? *source.path : "configuration";
    return {Errc::bad_configuration, path + ":" + std::to_string(source.begin.line) + ": " + what};
}

Result<std::uint64_t> unsigned_of(const toml::node& node, std::string_view key) {
    const auto number = node.value_exact<std::int64_t>();
    if (number && *number >= 0) return static_cast<std::uint64_t>(*number);
    return error_at(node, std::string(key) + " must be a non-negative integer");
}

Result<std::string> string_of(const toml::node& node, std::string_view key) {
    if (auto text = node.value_exact<std::string>()) return *text;
    return error_at(node, std::string(key) + " must be a string");
}

Result<std::uint64_t> bytes_of(const toml::node& node, std::string_view key) {
    if (node.is_integer()) return unsigned_of(node, key);
    auto text = string_of(node, key);
    if (!text) return text.error();
    auto bytes = parse_bytes(*text);
    if (!bytes) return error_at(node, bytes.error().detail);
    return bytes;
}

/// Reads the id of a user or group, given as a number or by name.
template <class Lookup>
Result<std::uint32_t> id_of(const toml::node& node, const std::string& what, Lookup&& lookup) {
    if (node.is_integer()) {
        auto number = unsigned_of(node, what);
        if (!number) return number.error();
        // The largest value means "nobody" to the kernel.
        if (*number >= std::numeric_limits<std::uint32_t>::max()) {
            return error_at(node, std::to_string(*number) + " is not the id of a " + what);
        }
        return static_cast<std::uint32_t>(*number);
    }
    auto name = string_of(node, what);
    if (!name) return name.error();
    if (const std::optional<std::uint32_t> id = lookup(name->c_str())) return *id;
    return error_at(node, "unknown " + what + " '" + *name + "'");
}

Result<std::uint32_t> user_id(const toml::node& node) {
    return id_of(node, "user", [](const char* name) -> std::optional<std::uint32_t> {
        const passwd* entry = getpwnam(name);
        return entry == nullptr ? std::nullopt : std::optional<std::uint32_t>(entry->pw_uid);
    });
}

Result<std::uint32_t> group_id(const toml::node& node) {
    return id_of(node, "group", [](const char* name) -> std::optional<std::uint32_t> {
        const group* entry = getgrnam(name);
        return entry == nullptr ? std::nullopt : std::optional<std::uint32_t>(entry->gr_gid);
    });
}

Result<shm::Role> role_of(const toml::node& node) {
    auto name = string_of(node, "role");
    if (!name) return name.error();
    if (*name == "none") return shm::Role::none;
    if (*name == "reader") return shm::Role::reader;
    if (*name == "writer") return shm::Role::writer;
    if (*name == "provider") return shm::Role::provider;
    if (*name == "admin") return shm::Role::admin;
    return error_at(
        node, "role '" + *name + "' does not exist; use none, reader, writer, provider or admin");
}

Result<void> read_patterns(const toml::node& node, Access& access) {
    const toml::array* list = node.as_array();
    if (list == nullptr) return error_at(node, "patterns must be a list of strings");
    for (const toml::node& item : *list) {
        auto text = string_of(item, "patterns");
        if (!text) return text.error();
        auto pattern = Pattern::parse(*text);
        if (!pattern) return error_at(item, pattern.error().text());
        access.patterns.push_back(std::move(*pattern));
    }
    return {};
}

/// Whether a rule may name a user or group that the host does not have; it is left out then.
enum class Unknown : std::uint8_t { is_an_error, is_left_out };

/// None: the rule is left out.
Result<std::optional<RoleRule>> read_rule(const toml::node& node, Unknown unknown) {
    const toml::table* table = node.as_table();
    if (table == nullptr) return error_at(node, "role must be an array of tables; write [[role]]");
    RoleRule rule;
    bool has_subject = false;
    bool has_role = false;
    for (const auto& [key, value] : *table) {
        if (key == "user" || key == "group") {
            if (has_subject)
                return error_at(
                    value, "a role names more than one user or group; write one [[role]] for each");
            auto id = key == "user" ? user_id(value) : group_id(value);
            if (!id && value.is_string() && unknown == Unknown::is_left_out)
                return std::optional<RoleRule>();
            if (!id) return id.error();
            rule.subject = key == "user" ? RoleRule::Subject::user : RoleRule::Subject::group;
            rule.id = *id;
            has_subject = true;
        } else if (key == "role") {
            auto role = role_of(value);
            if (!role) return role.error();
            rule.access.role = *role;
            has_role = true;
        } else if (key == "patterns") {
            if (auto read = read_patterns(value, rule.access); !read) return read.error();
        } else {
            return error_at(value,
                            "'" + std::string(key.str()) +
                                "' is not an option of a role; use user, group, role or patterns");
        }
    }
    if (!has_subject || !has_role)
        return error_at(node, "role is incomplete; give it user or group, and role");
    return std::optional(std::move(rule));
}

Result<void> read_rules(const toml::node& node, Unknown unknown, Options& options) {
    const toml::array* rules = node.as_array();
    if (rules == nullptr) return error_at(node, "role must be an array of tables; write [[role]]");
    for (const toml::node& item : *rules) {
        auto rule = read_rule(item, unknown);
        if (!rule) return rule.error();
        if (*rule) options.rules.push_back(std::move(**rule));
    }
    return {};
}

Result<void> read_key(std::string_view key, const toml::node& value, Options& options) {
    const auto store_number = [&](auto& option) -> Result<void> {
        auto number = unsigned_of(value, key);
        if (!number) return number.error();
        option = std::remove_reference_t<decltype(option)>(*number);
        return {};
    };
    const auto store_bytes = [&](std::uint64_t& option) -> Result<void> {
        auto bytes = bytes_of(value, key);
        if (!bytes) return bytes.error();
        option = *bytes;
        return {};
    };
    const auto store_text = [&](std::string& option) -> Result<void> {
        auto text = string_of(value, key);
        if (!text) return text.error();
        option = std::move(*text);
        return {};
    };
    if (key == "grid") return store_text(options.grid);
    if (key == "memory") return store_bytes(options.shape.memory_bytes);
    if (key == "ring-entries") return store_number(options.shape.ring_entries);
    if (key == "retain-entries") return store_number(options.retention.retain_entries);
    if (key == "retain-bytes") return store_bytes(options.retention.retain_bytes);
    if (key == "sessions-max") return store_number(options.sessions_max);
    if (key == "sessions-per-user") return store_number(options.sessions_per_user);
    if (key == "session-memory") return store_bytes(options.session_memory_bytes);
    if (key == "bookkeeping-memory") return store_bytes(options.retention.bookkeeping_bytes);
    if (key == "spin-us") return store_number(options.spin);
    if (key == "greeting-timeout-ms") return store_number(options.greeting_timeout);
    if (key == "accept-timeout-ms") return store_number(options.accept_timeout);
    if (key == "response-timeout-ms") return store_number(options.response_timeout);
    if (key == "session-record-delay-ms") return store_number(options.session_record_delay);
    if (key == "rematch-interval-ms") return store_number(options.rematch_interval);
    if (key == "data") return store_text(options.data_directory);
    if (key == "durability-interval-ms") return store_number(options.durability_interval);
    if (key == "durability") {
        auto text = string_of(value, key);
        if (!text) return text.error();
        auto policy = parse_durability(*text);
        if (!policy) return error_at(value, policy.error().detail);
        options.durability = *policy;
        return {};
    }
    if (key == "log-level") return store_text(options.log_level);
    if (key == "log-format") return store_text(options.log_format);
    if (key == "log-file") return store_text(options.log_file);
    if (key != "role")
        return error_at(value,
                        "'" + std::string(key) + "' is not an option; see ringside-broker --help");
    return read_rules(value, Unknown::is_an_error, options);
}

/// Calls `each(key, value)` for the members of a file.
template <class Each>
Result<void> read_file(const std::string& path, Each&& each) {
    try {
        const toml::table file = toml::parse_file(path);
        for (const auto& [key, value] : file) {
            if (auto read = each(key.str(), value); !read) return read;
        }
        return {};
    } catch (const toml::parse_error& failure) {
        return Error(Errc::bad_configuration, path + ":" +
                                                  std::to_string(failure.source().begin.line) +
                                                  ": " + std::string(failure.description()));
    }
}

}  // namespace

Result<void> read_config_file(const std::string& path, Options& options) {
    return read_file(path, [&](std::string_view key, const toml::node& value) {
        return read_key(key, value, options);
    });
}

Result<void> read_roles_file(const std::string& path, Options& options) {
    return read_file(path, [&](std::string_view key, const toml::node& value) -> Result<void> {
        if (key == "role") return read_rules(value, Unknown::is_left_out, options);
        return error_at(value, "'" + std::string(key) +
                                   "' is not allowed in a roles file; write only [[role]] tables");
    });
}

}  // namespace ringside::broker
