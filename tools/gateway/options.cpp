#include "tools/gateway/options.hpp"

#include <CLI/CLI.hpp>
#include <iostream>

#include "broker/daemon/man_page.hpp"
#include "shm/base/option_number.hpp"
#include "shm/base/standard_streams.hpp"
#include "tools/gateway/access/api_keys.hpp"
#include "tools/gateway/deepstream/login/make_hash.hpp"

namespace ringside::gateway {

namespace {

/// The flags that were given. For the others, the file decides.
struct Flags {
    std::string config;
    std::optional<std::string> grid;
    std::vector<std::string> listen;
    std::optional<std::size_t> connections;
    std::optional<std::uint32_t> header_bytes;
    std::optional<std::uint64_t> body_bytes;
    std::optional<std::int64_t> header_timeout_ms;
    std::optional<std::int64_t> body_timeout_ms;
    std::optional<std::int64_t> idle_timeout_ms;
    std::optional<std::int64_t> write_timeout_ms;
    std::optional<std::int64_t> drain_ms;
    std::optional<std::int64_t> broker_timeout_ms;
    std::optional<std::string> log_level;
    std::optional<std::string> log_format;
    std::optional<std::string> log_file;
};

constexpr std::uint64_t hour_ms = 3'600'000;  // the same as in the file

void declare(CLI::App& app, Flags& flags) {
    app.add_option("-g,--grid", flags.grid, "Grid name (default: default)")
        ->envname("RINGSIDE_GRID");
    app.add_option("-l,--listen", flags.listen,
                   "Address and port to listen on, repeatable (default: 127.0.0.1:8080)");
    app.add_option("--config", flags.config,
                   "TOML file with these options, TLS, users and access rules");
    app.add_option("--connections", flags.connections,
                   "Maximum number of open connections (default: 20000)")
        ->check(whole_number(1, 1'000'000));
    app.add_option("--header-bytes", flags.header_bytes,
                   "Maximum size of a request header (default: 16384)")
        ->check(whole_number(1024, 1 << 20));
    app.add_option("--body-bytes", flags.body_bytes,
                   "Maximum size of a request body (default: 16 MiB and 64 KiB)")
        ->check(whole_number(1, 1 << 30));
    app.add_option("--header-timeout-ms", flags.header_timeout_ms,
                   "Time limit for a request header, from its first byte (default: 10000)")
        ->check(whole_number(1, hour_ms));
    app.add_option("--body-timeout-ms", flags.body_timeout_ms,
                   "Time limit for a request body (default: 30000)")
        ->check(whole_number(1, hour_ms));
    app.add_option("--idle-timeout-ms", flags.idle_timeout_ms,
                   "Time limit between requests of a connection (default: 60000)")
        ->check(whole_number(1, hour_ms));
    app.add_option("--write-timeout-ms", flags.write_timeout_ms,
                   "Time limit for a client that reads nothing (default: 30000)")
        ->check(whole_number(1, hour_ms));
    app.add_option("--drain-ms", flags.drain_ms,
                   "Time limit for pending requests at shutdown (default: 10000)")
        ->check(whole_number(0, hour_ms));
    app.add_option("--broker-timeout-ms", flags.broker_timeout_ms,
                   "Time limit for an answer of the broker, or for the next broker (default: 2500)")
        ->check(whole_number(1, hour_ms));
    app.add_option("--log-level", flags.log_level,
                   "Least severity to log: debug, info, warning or error (default: info)");
    app.add_option("--log-format", flags.log_format, "Log format: text or json (default: text)");
    app.add_option("--log-file", flags.log_file, "Log file (default: standard error)");
    app.set_version_flag("--version", "ringside-gateway " RINGSIDE_VERSION);
    app.footer(
        "Prints a line that begins with 'ready' once it serves. Reloads --config and reopens\n"
        "the log file on SIGHUP. Ends on SIGTERM.\n"
        "Example: ringside-gateway --grid onsale --listen 127.0.0.1:8080");
}

template <class T>
void take(const std::optional<T>& flag, T& option) {
    if (flag) option = *flag;
}
void take(const std::optional<std::int64_t>& flag, std::chrono::milliseconds& option) {
    if (flag) option = std::chrono::milliseconds(*flag);
}

Result<Options> options_of(const Flags& flags) {
    Options options;
    options.config = flags.config;
    if (auto read = read_config_file(flags.config, options); !read) return read.error();
    take(flags.grid, options.grid);
    if (!flags.listen.empty()) options.listen = flags.listen;
    take(flags.connections, options.limits.connections);
    take(flags.header_bytes, options.limits.header_bytes);
    take(flags.body_bytes, options.limits.body_bytes);
    take(flags.header_timeout_ms, options.limits.header_time);
    take(flags.body_timeout_ms, options.limits.body_time);
    take(flags.idle_timeout_ms, options.limits.idle_time);
    take(flags.write_timeout_ms, options.limits.write_time);
    take(flags.drain_ms, options.limits.drain_time);
    take(flags.broker_timeout_ms, options.broker_time);
    take(flags.log_level, options.log_level);
    take(flags.log_format, options.log_format);
    take(flags.log_file, options.log_file);
    if (auto checked = daemon::check_log_options(options.log()); !checked) return checked.error();
    if (options.limits.body_bytes > options.limits.memory.bodies_per_user) {
        return Error(Errc::bad_configuration,
                     "body_bytes (" + std::to_string(options.limits.body_bytes) +
                         ") exceeds bodies_bytes_per_user (" +
                         std::to_string(options.limits.memory.bodies_per_user) +
                         ") of [limits.memory]: raise that limit, too");
    }
    for (const std::string& address : options.listen) {
        const auto endpoint = parse_endpoint(address);
        if (!endpoint) return endpoint.error();
        const bool is_for_all = options.access->authenticator.is_for_everybody();
        if (is_for_all && !endpoint->address().is_loopback()) {
            return Error(Errc::bad_configuration,
                         "'" + address +
                             "' is reachable from other hosts, and the configuration has no access "
                             "rules; listen on 127.0.0.1, or add rules (see docs/gateway.md)");
        }
    }
    return options;
}

/// Prints the requested text (help or version) or the error, and returns the exit status.
int usage_status(const CLI::App& app, const CLI::ParseError& failure) {
    if (failure.get_exit_code() == 0) return app.exit(failure);
    const Error error(Errc::bad_usage, failure.what());
    std::fprintf(stderr, "ringside-gateway: %s; see ringside-gateway --help\n",
                 error.text().c_str());
    return 2;
}

/// Returns the exit status after printing something that is stored nowhere else.
int finish_output() {
    const auto printed = flush_standard_output();
    if (printed) return 0;
    std::fprintf(stderr, "ringside-gateway: %s\n", printed.error().text().c_str());
    return 1;
}

int make_key() {
    const auto key = make_api_key();
    if (!key) {
        std::fprintf(stderr, "ringside-gateway: %s\n", key.error().text().c_str());
        return 1;
    }
    std::printf(
        "# The key, which is not stored anywhere: %s\n"
        "[[api_key]]\n"
        "user = \"\"\n"
        "hash = \"%s\"\n",
        key->c_str(), api_key_hash(*key).c_str());
    return finish_output();
}

int make_hash(const deepstream::HashFlags& flags) {
    std::string password;
    std::getline(std::cin, password);
    const auto entry = deepstream::make_users_entry(password, flags);
    if (!entry) {
        std::fprintf(stderr, "ringside-gateway: %s\n", entry.error().text().c_str());
        return 2;
    }
    std::printf("%s", entry->c_str());
    return finish_output();
}

}  // namespace

Result<ParsedOptions> parse_options(int argc, const char* const* argv) {
    CLI::App app("Serve a Ringside grid as JSON over HTTP", "ringside-gateway");
    Flags flags;
    declare(app, flags);
    const auto* key = app.add_subcommand(
        "make-key", "Create an API key and print its entry for the configuration");
    deepstream::HashFlags hash_flags;
    auto* const hash = app.add_subcommand(
        "make-hash",
        "Hash a password from standard input and print its entry for a deepstream users file");
    hash->add_option("--hash", hash_flags.algorithm,
                     "Hash algorithm, as named by OpenSSL (default: sha512)");
    hash->add_option("--iterations", hash_flags.iterations,
                     "Iterations of PBKDF2 (default: 100000)");
    hash->add_option("--key-length", hash_flags.key_length, "Key length in bytes (default: 64)");
    app.require_subcommand(0, 1);
    daemon::add_man_page_option(
        app, {.version = RINGSIDE_VERSION,
              .see_also = {"ringside(1)", "ringside-broker(8)", "ringside-kafka(8)"}});
    ParsedOptions parsed;
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& failure) {
        parsed.is_done = true;
        parsed.status = usage_status(app, failure);
        return parsed;
    }
    if (key->parsed()) {
        parsed.is_done = true;
        parsed.status = make_key();
        return parsed;
    }
    if (hash->parsed()) {
        parsed.is_done = true;
        parsed.status = make_hash(hash_flags);
        return parsed;
    }
    auto options = options_of(flags);
    if (!options) return options.error();
    parsed.options = *std::move(options);
    return parsed;
}

Result<std::shared_ptr<ssl::context>> make_tls(const Options& options) {
    if (!options.tls) return std::shared_ptr<ssl::context>();
    const TlsOptions& tls = *options.tls;
    auto context = std::make_shared<ssl::context>(ssl::context::tls_server);
    error_code failed;
    const auto bad = [&](const std::string& file) {
        return Error(Errc::bad_configuration, "[tls] " + file + ": " + failed.message());
    };
    context->set_options(
        ssl::context::default_workarounds | ssl::context::no_tlsv1 | ssl::context::no_tlsv1_1,
        failed);
    if (failed) return bad("options");
    context->use_certificate_chain_file(tls.certificate, failed);
    if (failed) return bad(tls.certificate);
    context->use_private_key_file(tls.key, ssl::context::pem, failed);
    if (failed) return bad(tls.key);
    if (tls.client_ca.empty()) return context;
    context->load_verify_file(tls.client_ca, failed);
    if (failed) return bad(tls.client_ca);
    const auto mode = tls.requires_client_certificate
                          ? ssl::verify_peer | ssl::verify_fail_if_no_peer_cert
                          : ssl::verify_peer;
    context->set_verify_mode(mode, failed);
    if (failed) return bad("cannot set the verify mode");
    // Distinguishes sessions of clients with certificates from others.
    constexpr unsigned char session_context[] = "ringside";
    SSL_CTX_set_session_id_context(context->native_handle(), session_context,
                                   sizeof session_context - 1);
    return context;
}

}  // namespace ringside::gateway
