#include "broker/config/options.hpp"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <charconv>
#include <cstdio>

#include "broker/daemon/man_page.hpp"
#include "shm/base/option_number.hpp"

namespace ringside::broker {

Result<std::uint64_t> parse_bytes(std::string_view text) {
    std::uint64_t number = 0;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
    const std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
    const auto bad = [&] {
        return Error(
            Errc::bad_configuration,
            "'" + std::string(text) + "' is not a size; write 65536, 512KiB, 64MiB or 4GiB");
    };
    if (failed != std::errc()) return bad();
    unsigned shift = 0;
    if (unit == "KiB") shift = 10;
    else if (unit == "MiB") shift = 20;
    else if (unit == "GiB") shift = 30;
    else if (unit == "TiB") shift = 40;
    else if (!unit.empty() && unit != "B") return bad();
    if (number > (limits::memory_bytes_max >> shift)) return bad();
    return number << shift;
}

Result<DurabilityPolicy> parse_durability(std::string_view text) {
    if (text == "none") return DurabilityPolicy::none;
    if (text == "periodic") return DurabilityPolicy::periodic;
    if (text == "always") return DurabilityPolicy::always;
    return Error(Errc::bad_configuration,
                 "'" + std::string(text) + "' is not a durability; use none, periodic or always");
}

Access Options::access_of(const Credentials& peer) const {
    for (const RoleRule& rule : rules) {
        const bool is_meant = rule.subject == RoleRule::Subject::user ? peer.uid == rule.id
                                                                      : peer.is_in_group(rule.id);
        if (is_meant) return rule.access;
    }
    if (peer.uid == geteuid()) return {shm::Role::admin, {}};
    if (peer.is_in_group(getegid())) return {shm::Role::reader, {}};
    return {};
}

namespace {

/// The flags of the command line. Flags that are absent leave the values of the file.
struct Flags {
    std::string config;
    std::vector<std::string> roles;
    std::optional<std::string> grid;
    std::optional<std::string> memory;
    std::optional<std::uint64_t> ring_entries;
    std::optional<std::uint64_t> retain_entries;
    std::optional<std::string> retain_bytes;
    std::optional<std::size_t> sessions_max;
    std::optional<std::size_t> sessions_per_user;
    std::optional<std::string> session_memory;
    std::optional<std::string> bookkeeping_memory;
    std::optional<std::uint64_t> spin_us;
    std::optional<std::string> data_directory;
    std::optional<std::string> durability;
    std::optional<std::uint64_t> durability_interval_ms;
    std::optional<std::uint64_t> greeting_timeout_ms;
    std::optional<std::uint64_t> accept_timeout_ms;
    std::optional<std::uint64_t> response_timeout_ms;
    std::optional<std::uint64_t> rematch_interval_ms;
    std::optional<std::uint64_t> session_record_delay_ms;
    bool standby = false;
    bool take_over = false;
    std::optional<std::string> log_level;
    std::optional<std::string> log_format;
    std::optional<std::string> log_file;
};

void declare(CLI::App& app, Flags& flags) {
    app.add_option("-g,--grid", flags.grid, "Grid name (default: default)")
        ->envname("RINGSIDE_GRID");
    app.add_option("-m,--memory", flags.memory, "Segment size, e.g. 512MiB (default: 1GiB)");
    app.add_option("--config", flags.config, "TOML file with these options and roles");
    app.add_option("--roles", flags.roles,
                   "TOML file with further roles, appended to those of --config; repeatable")
        ->allow_extra_args(false);
    app.add_option("--ring-entries", flags.ring_entries,
                   "Capacity of the change ring, a power of two (default: from --memory)")
        ->check(whole_number(limits::ring_entries_min, limits::ring_entries_max));
    app.add_option("--retain-entries", flags.retain_entries,
                   "Changes retained for watches and old revisions (default: all that fit)")
        ->check(whole_number(0, limits::ring_entries_max));
    app.add_option(
        "--retain-bytes", flags.retain_bytes,
        "Memory of replaced versions retained for old revisions (default: 1/16 of the heap)");
    app.add_option("--sessions-max", flags.sessions_max,
                   "Maximum number of sessions (default: 4096)")
        ->check(whole_number(1, limits::sessions_max));
    app.add_option("--sessions-per-user", flags.sessions_per_user,
                   "Maximum number of sessions of a user without the admin role (default: half of "
                   "--sessions-max)")
        ->check(whole_number(0, limits::sessions_max));
    app.add_option("--session-memory", flags.session_memory,
                   "Broker memory for pending requests, replies and calls (default: 128MiB)");
    app.add_option("--bookkeeping-memory", flags.bookkeeping_memory,
                   "Broker memory for replaced versions and expiry times (default: 96MiB, or a "
                   "16th of --memory if that is more)");
    app.add_option("--spin-us", flags.spin_us,
                   "Time the idle engine spins before it sleeps (default: 200)")
        ->check(whole_number(0, 60'000'000));
    app.add_option("-d,--data", flags.data_directory,
                   "Store directory; without it, the grid is in memory only");
    app.add_option("--durability", flags.durability,
                   "When to sync changes to disk: none, periodic or always (default: periodic)");
    app.add_option("--durability-interval-ms", flags.durability_interval_ms,
                   "Interval between syncs with --durability periodic (default: 10)");
    app.add_option("--greeting-timeout-ms", flags.greeting_timeout_ms,
                   "Time limit for the greeting of a new connection (default: 5000)");
    app.add_option("--accept-timeout-ms", flags.accept_timeout_ms,
                   "Time limit for a provider to accept a call (default: 1000)");
    app.add_option("--response-timeout-ms", flags.response_timeout_ms,
                   "Time limit for a call whose caller sets none (default: 10000)");
    app.add_option(
        "--rematch-interval-ms", flags.rematch_interval_ms,
        "Interval at which names are offered again to listeners that declined (default: 30000)");
    app.add_option("--session-record-delay-ms", flags.session_record_delay_ms,
                   "Age at which a session without declarations gets a record (default: 2000)");
    auto* standby = app.add_flag("--standby", flags.standby,
                                 "Wait until the grid's broker ends, then take over");
    app.add_flag("--take-over", flags.take_over,
                 "Ask the grid's broker to hand over, then take over")
        ->excludes(standby);
    app.add_option("--log-level", flags.log_level,
                   "Least severity to log: debug, info, warning or error (default: info)");
    app.add_option("--log-format", flags.log_format, "Log format: text or json (default: text)");
    app.add_option("--log-file", flags.log_file, "Log file (default: standard error)");
    app.set_version_flag("--version", "ringside-broker " RINGSIDE_VERSION);
    app.footer(
        "Prints a line that begins with 'ready' once it serves the grid. Ends on SIGTERM.\n"
        "Example: ringside-broker --grid onsale --memory 4GiB");
}

template <class T>
void take(const std::optional<T>& flag, T& option) {
    if (flag) option = *flag;
}

/// Prints what was asked for (help, the version), or what is wrong; returns the exit status.
int usage_status(const CLI::App& app, const CLI::ParseError& failure) {
    if (failure.get_exit_code() == 0) return app.exit(failure);
    const Error error(Errc::bad_usage, failure.what());
    std::fprintf(stderr, "ringside-broker: %s; see ringside-broker --help\n", error.text().c_str());
    return 2;
}

Result<void> apply(const Flags& flags, Options& options) {
    take(flags.grid, options.grid);
    take(flags.ring_entries, options.shape.ring_entries);
    take(flags.retain_entries, options.retention.retain_entries);
    take(flags.sessions_max, options.sessions_max);
    take(flags.sessions_per_user, options.sessions_per_user);
    take(flags.log_level, options.log_level);
    take(flags.log_format, options.log_format);
    take(flags.log_file, options.log_file);
    take(flags.data_directory, options.data_directory);
    if (flags.standby) options.succession = Options::Succession::standby;
    if (flags.take_over) options.succession = Options::Succession::take_over;
    if (flags.durability_interval_ms) {
        options.durability_interval = std::chrono::milliseconds(*flags.durability_interval_ms);
    }
    if (flags.greeting_timeout_ms) {
        options.greeting_timeout = std::chrono::milliseconds(*flags.greeting_timeout_ms);
    }
    if (flags.accept_timeout_ms) {
        options.accept_timeout = std::chrono::milliseconds(*flags.accept_timeout_ms);
    }
    if (flags.response_timeout_ms) {
        options.response_timeout = std::chrono::milliseconds(*flags.response_timeout_ms);
    }
    if (flags.rematch_interval_ms) {
        options.rematch_interval = std::chrono::milliseconds(*flags.rematch_interval_ms);
    }
    if (flags.session_record_delay_ms) {
        options.session_record_delay = std::chrono::milliseconds(*flags.session_record_delay_ms);
    }
    if (flags.durability) {
        auto policy = parse_durability(*flags.durability);
        if (!policy) return Error(policy.error().code, "--durability: " + policy.error().detail);
        options.durability = *policy;
    }
    if (flags.spin_us) options.spin = std::chrono::microseconds(*flags.spin_us);
    if (flags.memory) {
        auto bytes = parse_bytes(*flags.memory);
        if (!bytes) return Error(bytes.error().code, "--memory: " + bytes.error().detail);
        options.shape.memory_bytes = *bytes;
    }
    if (flags.retain_bytes) {
        auto bytes = parse_bytes(*flags.retain_bytes);
        if (!bytes) return Error(bytes.error().code, "--retain-bytes: " + bytes.error().detail);
        options.retention.retain_bytes = *bytes;
    }
    if (flags.session_memory) {
        auto bytes = parse_bytes(*flags.session_memory);
        if (!bytes) return Error(bytes.error().code, "--session-memory: " + bytes.error().detail);
        options.session_memory_bytes = *bytes;
    }
    if (flags.bookkeeping_memory) {
        auto bytes = parse_bytes(*flags.bookkeeping_memory);
        if (!bytes) {
            return Error(bytes.error().code, "--bookkeeping-memory: " + bytes.error().detail);
        }
        options.retention.bookkeeping_bytes = *bytes;
    }
    return {};
}

Result<void> check(const Options& options) {
    if (auto paths = shm::GridPaths::of(options.grid); !paths) return paths.error();
    if (options.sessions_max == 0 || options.sessions_max > limits::sessions_max) {
        return Error(Errc::bad_configuration,
                     "--sessions-max must be from 1 to " + std::to_string(limits::sessions_max));
    }
    if (options.sessions_per_user > options.sessions_max) {
        return Error(Errc::bad_configuration, "--sessions-per-user must be at most --sessions-max");
    }
    if (options.session_memory_bytes < limits::sessions_memory_bytes_min) {
        return Error(Errc::bad_configuration, "--session-memory must be at least 16MiB");
    }
    const std::uint64_t bookkeeping = options.retention.bookkeeping_bytes;
    if (bookkeeping != 0 && bookkeeping < limits::bookkeeping_bytes_min) {
        return Error(Errc::bad_configuration, "--bookkeeping-memory must be at least 8MiB");
    }
    if (options.spin < options.spin.zero() || options.spin > std::chrono::minutes(1)) {
        return Error(Errc::bad_configuration, "--spin-us must be at most 60000000");
    }
    if (options.durability_interval < std::chrono::milliseconds(1) ||
        options.durability_interval > std::chrono::minutes(1)) {
        return Error(Errc::bad_configuration, "--durability-interval-ms must be from 1 to 60000");
    }
    for (const auto& [name, time] :
         {std::pair("greeting-timeout-ms", options.greeting_timeout),
          std::pair("accept-timeout-ms", options.accept_timeout),
          std::pair("response-timeout-ms", options.response_timeout),
          std::pair("rematch-interval-ms", options.rematch_interval),
          std::pair("session-record-delay-ms", options.session_record_delay)}) {
        if (time >= std::chrono::milliseconds(1) && time <= std::chrono::hours(1)) continue;
        return Error(Errc::bad_configuration,
                     "--" + std::string(name) + " must be from 1 to 3600000");
    }
    return daemon::check_log_options(options.log());
}

}  // namespace

Result<ParsedOptions> parse_options(int argc, const char* const* argv) {
    CLI::App app("Run the broker of a Ringside grid: it owns the shared memory and serves clients",
                 "ringside-broker");
    Flags flags;
    declare(app, flags);
    daemon::add_man_page_option(
        app, {.version = RINGSIDE_VERSION,
              .see_also = {"ringside(1)", "ringside-gateway(8)", "ringside-kafka(8)"}});
    ParsedOptions parsed;
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& failure) {
        parsed.is_done = true;
        parsed.status = usage_status(app, failure);
        return parsed;
    }
    if (!flags.config.empty()) {
        if (auto read = read_config_file(flags.config, parsed.options); !read) return read.error();
    }
    for (const std::string& path : flags.roles) {
        if (auto read = read_roles_file(path, parsed.options); !read) return read.error();
    }
    if (auto applied = apply(flags, parsed.options); !applied) return applied.error();
    if (auto checked = check(parsed.options); !checked) return checked.error();
    return parsed;
}

}  // namespace ringside::broker
