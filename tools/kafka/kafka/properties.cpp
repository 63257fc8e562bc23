#include "tools/kafka/kafka/properties.hpp"

#include <toml++/toml.h>
#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>

#include "tools/kafka/kafka/log.hpp"

namespace ringside::kafka {

namespace {

/// A property that users must not set, because the tool's guarantees depend on it.
struct Owned {
    std::string_view name;
    std::string_view reason;
};

constexpr std::string_view position_reason =
    "the source stores its position in the grid, with the applied changes";
constexpr std::string_view order_reason = "messages are delivered once and in order";

constexpr std::array<Owned, 20> owned = {{
    {"group.id", "set `group` in [source]"},
    {"enable.auto.commit", position_reason},
    {"auto.commit.enable", position_reason},
    {"auto.commit.interval.ms", position_reason},
    {"enable.auto.offset.store", position_reason},
    {"auto.offset.reset", "set `start` in [[source.topic]]"},
    {"enable.partition.eof", "the source needs it to detect that it has caught up"},
    {"enable.idempotence", order_reason},
    {"enable.gapless.guarantee", order_reason},
    {"transactional.id", order_reason},
    {"acks", order_reason},
    {"request.required.acks", order_reason},
    {"retries", order_reason},
    {"message.send.max.retries", order_reason},
    {"message.timeout.ms", order_reason},
    {"delivery.timeout.ms", order_reason},
    {"queuing.strategy", order_reason},
    {"produce.offset.report", "it has no effect here"},
    {"delivery.report.only.error", order_reason},
    {"log.queue", "librdkafka logs to the log of this tool"},
}};

/// The one partitioner that ignores keys.
constexpr std::string_view keyless_partitioner = "random";

/// Converts the value of a property to librdkafka's form.
Result<std::string> value_of(const std::string& name, const toml::node& node,
                             const tools::TomlFile& file) {
    if (const auto number = node.value_exact<std::int64_t>()) return std::to_string(*number);
    if (const auto flag = node.value_exact<bool>()) return std::string(*flag ? "true" : "false");
    const auto text = node.value_exact<std::string>();
    if (!text) return file.error_at(node, name + " must be a string, an integer or a boolean");
    if (!text->starts_with("${") || !text->ends_with("}")) return *text;
    const std::string variable = text->substr(2, text->size() - 3);
    const char* value = std::getenv(variable.c_str());
    if (value != nullptr) return std::string(value);
    return file.error_at(node,
                         name + " refers to an unset environment variable: '" + variable + "'");
}

bool is_server_list(std::string_view name) noexcept {
    return name == "bootstrap.servers" || name == "metadata.broker.list";
}

std::string_view trimmed(std::string_view text) noexcept {
    const std::size_t begin = text.find_first_not_of(" \t");
    if (begin == std::string_view::npos) return {};
    return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

/// Returns whether librdkafka can connect to an entry of the list: [protocol://]host[:port], with
/// an IPv6 address in brackets if a port follows.
bool is_server(std::string_view entry) noexcept {
    if (const std::size_t at = entry.find("://"); at != std::string_view::npos) {
        entry.remove_prefix(at + 3);
    }
    std::string_view host = entry;
    std::string_view port;
    const bool is_bracketed = entry.starts_with('[');
    const std::size_t host_end = is_bracketed ? entry.find(']') : entry.find(':');
    if (is_bracketed && host_end == std::string_view::npos) return false;
    const bool is_bare_ipv6 = !is_bracketed && host_end != std::string_view::npos &&
                              entry.find(':', host_end + 1) != std::string_view::npos;
    if (host_end != std::string_view::npos && !is_bare_ipv6) {
        host = is_bracketed ? entry.substr(1, host_end - 1) : entry.substr(0, host_end);
        std::string_view rest = entry.substr(is_bracketed ? host_end + 1 : host_end);
        if (!rest.empty() && rest.front() != ':') return false;
        port = rest.empty() ? rest : rest.substr(1);
        if (!rest.empty() && port.empty()) return false;
    }
    constexpr std::string_view beyond_hosts = " \t/\\@?#\"'<>[]{}";
    if (host.empty() || host.find_first_of(beyond_hosts) != std::string_view::npos) return false;
    if (port.empty()) return true;
    std::uint32_t number = 0;
    const auto [end, failed] = std::from_chars(port.data(), port.data() + port.size(), number);
    return failed == std::errc() && end == port.data() + port.size() && number >= 1 &&
           number <= 65535;
}

/// Returns the fault in a list of servers, or an empty text. librdkafka accepts any text, and waits
/// indefinitely for servers that it cannot resolve.
std::string fault_of_servers(std::string_view list) {
    bool has_any = false;
    while (!list.empty()) {
        const std::size_t comma = list.find(',');
        const std::string_view entry = trimmed(list.substr(0, comma));
        list.remove_prefix(comma == std::string_view::npos ? list.size() : comma + 1);
        if (entry.empty()) continue;
        if (!is_server(entry)) {
            return "'" + std::string(entry) + "' is not a server; write host:port[,host:port...]";
        }
        has_any = true;
    }
    return has_any ? "" : "no server; write host:port[,host:port...]";
}

/// Sets one property. Returns librdkafka's objection, or an empty text.
std::string try_set(rd_kafka_conf_t& configuration, const std::string& name,
                    const std::string& value) {
    std::array<char, 512> said{};
    const auto result =
        rd_kafka_conf_set(&configuration, name.c_str(), value.c_str(), said.data(), said.size());
    return result == RD_KAFKA_CONF_OK ? std::string() : std::string(said.data());
}

}  // namespace

Result<void> Properties::read(const toml::table& table, const tools::TomlFile& file) {
    return read_nested({}, table, file);
}

/// `ssl.ca.location = "…"` without quotes is a nested table: this restores the name.
Result<void> Properties::read_nested(const std::string& prefix, const toml::table& table,
                                     const tools::TomlFile& file) {
    for (const auto& [key, node] : table) {
        const std::string name = prefix + std::string(key.str());
        const toml::table* inner = node.as_table();
        auto read =
            inner != nullptr ? read_nested(name + ".", *inner, file) : add(name, node, file);
        if (!read) return read;
    }
    return {};
}

Result<void> Properties::add(const std::string& name, const toml::node& node,
                             const tools::TomlFile& file) {
    const auto* taken = std::find_if(owned.begin(), owned.end(),
                                     [&](const Owned& entry) { return entry.name == name; });
    if (taken != owned.end()) {
        return file.error_at(node, name + " cannot be set; " + std::string(taken->reason));
    }
    auto value = value_of(name, node, file);
    if (!value) return value.error();
    if (is_server_list(name)) {
        const std::string fault = fault_of_servers(*value);
        if (!fault.empty()) return file.error_at(node, name + ": " + fault);
    }
    const ConfigurationHandle scratch(rd_kafka_conf_new());
    const std::string refusal = try_set(*scratch, name, *value);
    if (!refusal.empty()) return file.error_at(node, refusal);
    if (name == "partitioner" && *value == keyless_partitioner) {
        return file.error_at(node,
                             "partitioner cannot be \"random\": messages of one key must stay in "
                             "order in one partition; choose another partitioner");
    }
    set(name, *value);
    return {};
}

void Properties::set(std::string_view name, std::string_view value) {
    std::erase_if(entries_, [&](const Property& entry) { return entry.name == name; });
    entries_.push_back({std::string(name), std::string(value)});
}

void Properties::set_default(std::string_view name, std::string_view value) {
    if (find(name) == nullptr) set(name, value);
}

const std::string* Properties::find(std::string_view name) const noexcept {
    const auto found = std::find_if(entries_.begin(), entries_.end(),
                                    [&](const Property& entry) { return entry.name == name; });
    return found == entries_.end() ? nullptr : &found->value;
}

Result<ConfigurationHandle> Properties::configuration() const {
    if (find("bootstrap.servers") == nullptr && find("metadata.broker.list") == nullptr) {
        return Error(Errc::bad_configuration,
                     "\"bootstrap.servers\" is missing; set it in [kafka]");
    }
    ConfigurationHandle made(rd_kafka_conf_new());
    for (const Property& entry : entries_) {
        const std::string refusal = try_set(*made, entry.name, entry.value);
        if (!refusal.empty()) return Error(Errc::bad_configuration, refusal);
    }
    try_set(*made, "log.thread.name", "false");
    log_to_spdlog(*made);
    return made;
}

}  // namespace ringside::kafka
