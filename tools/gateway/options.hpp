#pragma once

#include <memory>
#include <string>
#include <vector>

#include "broker/daemon/log.hpp"
#include "tools/gateway/access/access_config.hpp"
#include "tools/gateway/deepstream/options.hpp"
#include "tools/gateway/http/server.hpp"

namespace ringside::gateway {

/// The gateway's certificate, and the authority of client certificates.
struct TlsOptions {
    std::string certificate;  ///< PEM, with the chain
    std::string key;          ///< PEM
    std::string client_ca;    ///< PEM; empty if clients need no certificate
    bool requires_client_certificate = false;
};

/// The options of a gateway.
struct Options {
    std::string grid = "default";
    std::vector<std::string> listen = {"127.0.0.1:8080"};
    ServerLimits limits;
    PoolLimits pools;
    LoginLimits logins;
    std::chrono::milliseconds broker_time{2500};  ///< see GridAccess::attach
    std::optional<TlsOptions> tls;
    std::shared_ptr<const Access> access;
    deepstream::Options deepstream;
    std::string config;  ///< the TOML file; empty if none
    std::string log_level = "info";
    std::string log_format = "text";
    std::string log_file;  ///< empty for standard error

    [[nodiscard]] daemon::LogOptions log() const {
        return {"ringside-gateway", log_level, log_format, log_file, true};
    }
};

/// The result of parsing the command line.
struct ParsedOptions {
    Options options;
    bool is_done =
        false;  ///< --help, --version, make-key or make-hash has printed: exit with `status`
    int status = 0;
};

/// Reads the flags, and the TOML file of `--config`. Flags override the file.
/// Error: bad_configuration; the detail names the place.
Result<ParsedOptions> parse_options(int argc, const char* const* argv);

/// Reads the file alone, as SIGHUP does. Error: bad_configuration.
Result<void> read_config_file(const std::string& path, Options& options);

/// Creates a context with the certificates of the options. Returns null if there are none.
/// Error: bad_configuration.
Result<std::shared_ptr<ssl::context>> make_tls(const Options& options);

}  // namespace ringside::gateway
