#pragma once

#include <memory>
#include <string>
#include <vector>

#include "broker/daemon/log.hpp"
#include "tools/gateway/access/access_config.hpp"
#include "tools/gateway/deepstream/options.hpp"
#include "tools/gateway/http/server.hpp"

namespace ringside::gateway {

/// Where the gateway's own certificate is, and whose certificates it asks for.
struct TlsOptions {
    std::string certificate;  ///< PEM, with the chain
    std::string key;          ///< PEM
    std::string client_ca;    ///< PEM; empty: clients are not asked
    bool requires_client_certificate = false;
};

/// What a gateway is started with.
struct Options {
    std::string grid = "default";
    std::vector<std::string> listen = {"127.0.0.1:8080"};
    ServerLimits limits;
    std::chrono::milliseconds broker_time{2500};  ///< see GridAccess::attach
    std::optional<TlsOptions> tls;
    std::shared_ptr<const Access> access;
    deepstream::Options deepstream;
    std::string config;  ///< the TOML file; empty: none
    std::string log_level = "info";
    std::string log_format = "text";
    std::string log_file;  ///< empty: standard error

    [[nodiscard]] daemon::LogOptions log() const {
        return {"ringside-gateway", log_level, log_format, log_file};
    }
};

/// What the command line comes to.
struct ParsedOptions {
    Options options;
    bool is_done =
        false;  ///< --help, --version, make-key or make-hash has printed: exit with `status`
    int status = 0;
};

/// Flags, and the TOML file that `--config` names; a flag wins over the file.
/// Error: bad_configuration; the detail says where.
Result<ParsedOptions> parse_options(int argc, const char* const* argv);

/// The file alone, as it is read again on SIGHUP. Error: bad_configuration.
Result<void> read_config_file(const std::string& path, Options& options);

/// A context with the certificates of the options; null: none are given.
/// Error: bad_configuration.
Result<std::shared_ptr<ssl::context>> make_tls(const Options& options);

}  // namespace ringside::gateway
