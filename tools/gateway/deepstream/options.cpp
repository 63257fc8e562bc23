#include "tools/gateway/deepstream/options.hpp"

namespace ringside::gateway::deepstream {

namespace {

constexpr std::int64_t hour_ms = 3'600'000;

TomlFile::Take time_to(const TomlFile& file, std::chrono::milliseconds& time, std::int64_t most) {
    return [&file, &time, most](std::string_view key, const toml::node& node) -> Result<void> {
        std::int64_t number = 0;
        if (auto taken = file.to(number, 1, most)(key, node); !taken) return taken;
        time = std::chrono::milliseconds(number);
        return {};
    };
}

}  // namespace

Result<Options> Options::from(const toml::table& root, const TomlFile& file,
                              std::shared_ptr<const Authenticator> authenticator) {
    Options options;
    const auto table = file.table(root, "deepstream");
    if (!table) return table.error();
    if (*table == nullptr) return options;
    const auto elsewhere = [](std::string_view, const toml::node&) -> Result<void> { return {}; };
    auto read =
        file.read(**table, "[deepstream]",
                  {{"path", file.to(options.path)},
                   {"durable", file.to(options.is_durable)},
                   {"max_auth_attempts", file.to(options.login_attempts_max, 1, 1000)},
                   {"unauthenticated_timeout_ms", time_to(file, options.login_time, hour_ms)},
                   {"heartbeat_interval_ms", time_to(file, options.heartbeat, hour_ms)},
                   {"max_message_bytes", file.to(options.message_bytes_max, 1024, 1 << 30)},
                   {"rpc_ack_timeout_ms", time_to(file, options.rpc_accept_time, hour_ms / 2)},
                   {"rpc_response_timeout_ms", time_to(file, options.rpc_answer_time, hour_ms / 2)},
                   {"listen_response_timeout_ms", time_to(file, options.listen_answer_time, 900)},
                   {"provide_requestor_name", file.to(options.tells_requestor_name)},
                   {"provide_requestor_data", file.to(options.tells_requestor_data)},
                   {"auth", elsewhere}});
    if (!read) return read.error();
    if (options.path.size() < 2 || options.path.front() != '/') {
        return file.error_at(**table, "path begins with '/', and is not that alone");
    }
    if (!(*table)->contains("auth") && authenticator->has_methods()) {
        return file.error_at(**table,
                             "users of this gateway have to be known: [[deepstream.auth]] says how "
                             "deepstream's clients are");
    }
    auto logins = Logins::from(**table, file, std::move(authenticator));
    if (!logins) return logins.error();
    options.logins = *std::move(logins);
    return options;
}

}  // namespace ringside::gateway::deepstream
