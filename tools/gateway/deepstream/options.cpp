#include "tools/gateway/deepstream/options.hpp"

#include <toml++/toml.h>
#include <array>
#include <set>

namespace ringside::gateway::deepstream {

namespace {

constexpr std::int64_t hour_ms = 3'600'000;
constexpr std::int64_t subscriptions_limit = 1'000'000;

tools::TomlFile::Take time_to(const tools::TomlFile& file, std::chrono::milliseconds& time,
                              std::int64_t most) {
    return [&file, &time, most](std::string_view key, const toml::node& node) -> Result<void> {
        std::int64_t number = 0;
        if (auto taken = file.to(number, 1, most)(key, node); !taken) return taken;
        time = std::chrono::milliseconds(number);
        return {};
    };
}

/// Checks that each is a path, and that the paths differ.
Result<void> check_paths(const Options& options, const tools::TomlFile& file,
                         const toml::table& table) {
    const std::array<std::pair<std::string_view, const std::string*>, 4> paths = {
        {{"path", &options.path},
         {"http_path", &options.http_path},
         {"http_auth_path", &options.http_auth_path},
         {"health_path", &options.health_path}}};
    std::set<std::string_view> taken;
    for (const auto& [key, path] : paths) {
        if (path->size() < 2 || path->front() != '/') {
            return file.error_at(table,
                                 std::string(key) + " must start with '/' and be longer than that");
        }
        if (!taken.insert(*path).second) {
            return file.error_at(
                table,
                std::string(key) + " is already used as another path; choose a different one");
        }
    }
    return {};
}

}  // namespace

bool Options::is_where(const Options& other) const noexcept {
    return is_enabled() == other.is_enabled() && path == other.path &&
           http_path == other.http_path && http_auth_path == other.http_auth_path &&
           health_path == other.health_path;
}

Result<Options> Options::from(const toml::table& root, const tools::TomlFile& file,
                              std::shared_ptr<const Authenticator> authenticator) {
    Options options;
    const auto table = file.table(root, "deepstream");
    if (!table) return table.error();
    if (*table == nullptr) return options;
    const auto elsewhere = [](std::string_view, const toml::node&) -> Result<void> { return {}; };
    auto read = file.read(
        **table, "[deepstream]",
        {{"path", file.to(options.path)},
         {"http_path", file.to(options.http_path)},
         {"http_auth_path", file.to(options.http_auth_path)},
         {"health_path", file.to(options.health_path)},
         {"http_request_timeout_ms", time_to(file, options.http_request_time, hour_ms)},
         {"durable", file.to(options.is_durable)},
         {"max_auth_attempts", file.to(options.login_attempts_max, 1, 1000)},
         {"unauthenticated_timeout_ms", time_to(file, options.login_time, hour_ms)},
         {"heartbeat_interval_ms", time_to(file, options.heartbeat, hour_ms)},
         {"max_message_bytes", file.to(options.message_bytes_max, 1024, 1 << 30)},
         {"max_subscriptions", file.to(options.subscriptions_max, 1, subscriptions_limit)},
         {"rpc_ack_timeout_ms", time_to(file, options.rpc_accept_time, hour_ms / 2)},
         {"rpc_response_timeout_ms", time_to(file, options.rpc_answer_time, hour_ms / 2)},
         {"listen_response_timeout_ms", time_to(file, options.listen_answer_time, hour_ms / 2)},
         {"provide_requestor_name", file.to(options.tells_requestor_name)},
         {"provide_requestor_data", file.to(options.tells_requestor_data)},
         {"auth", elsewhere}});
    if (!read) return read.error();
    if (!(*table)->contains("http_auth_path")) options.http_auth_path = options.http_path + "/auth";
    if (auto checked = check_paths(options, file, **table); !checked) return checked.error();
    if (!(*table)->contains("auth") && authenticator->has_methods()) {
        return file.error_at(**table,
                             "the gateway requires authentication; configure it for deepstream "
                             "clients with [[deepstream.auth]]");
    }
    auto logins = Logins::from(**table, file, std::move(authenticator));
    if (!logins) return logins.error();
    options.logins = *std::move(logins);
    return options;
}

}  // namespace ringside::gateway::deepstream
