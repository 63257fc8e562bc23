#include <toml++/toml.h>
#include <algorithm>

#include "tools/gateway/options.hpp"
#include "tools/support/toml_file.hpp"

namespace ringside::gateway {

namespace {

constexpr std::int64_t hour_ms = 3'600'000;

/// Stores a whole number in a variable of another type.
template <class T>
tools::TomlFile::Take number_to(const tools::TomlFile& file, T& option, std::int64_t least,
                                std::int64_t most) {
    return [&file, &option, least, most](std::string_view key,
                                         const toml::node& node) -> Result<void> {
        std::int64_t number = 0;
        if (auto taken = file.to(number, least, most)(key, node); !taken) return taken;
        option = T(number);
        return {};
    };
}

Result<void> read_tls(const toml::table& root, const tools::TomlFile& file, Options& options) {
    const auto table = file.table(root, "tls");
    if (!table) return table.error();
    if (*table == nullptr) return {};
    TlsOptions tls;
    std::filesystem::path certificate;
    std::filesystem::path key;
    std::filesystem::path client_ca;
    auto read =
        file.read(**table, "[tls]",
                  {{"certificate", file.to(certificate)},
                   {"key", file.to(key)},
                   {"client_ca", file.to(client_ca)},
                   {"require_client_certificate", file.to(tls.requires_client_certificate)}});
    if (!read) return read;
    if (certificate.empty() || key.empty()) {
        return file.error_at(**table, "[tls] is incomplete; set certificate and key");
    }
    if (tls.requires_client_certificate && client_ca.empty()) {
        return file.error_at(**table, "require_client_certificate needs a CA; set client_ca");
    }
    tls.certificate = certificate;
    tls.key = key;
    tls.client_ca = client_ca;
    options.tls = tls;
    return {};
}

Result<void> read_top(const toml::table& root, const tools::TomlFile& file, Options& options) {
    ServerLimits& limits = options.limits;
    const auto elsewhere = [](std::string_view, const toml::node&) -> Result<void> { return {}; };
    return file.read(root, "the configuration",
                     {{"grid", file.to(options.grid)},
                      {"listen", file.to(options.listen)},
                      {"connections", number_to(file, limits.connections, 1, 1'000'000)},
                      {"header_bytes", number_to(file, limits.header_bytes, 1024, 1 << 20)},
                      {"body_bytes", number_to(file, limits.body_bytes, 1, 1LL << 30)},
                      {"header_timeout_ms", number_to(file, limits.header_time, 1, hour_ms)},
                      {"body_timeout_ms", number_to(file, limits.body_time, 1, hour_ms)},
                      {"idle_timeout_ms", number_to(file, limits.idle_time, 1, hour_ms)},
                      {"write_timeout_ms", number_to(file, limits.write_time, 1, hour_ms)},
                      {"drain_ms", number_to(file, limits.drain_time, 0, hour_ms)},
                      {"broker_timeout_ms", number_to(file, options.broker_time, 1, hour_ms)},
                      {"log_level", file.to(options.log_level)},
                      {"log_format", file.to(options.log_format)},
                      {"log_file", file.to(options.log_file)},
                      {"tls", elsewhere},
                      {"limits", elsewhere},
                      {"deepstream", elsewhere},
                      {Access::tables[0], elsewhere},
                      {Access::tables[1], elsewhere},
                      {Access::tables[2], elsewhere},
                      {Access::tables[3], elsewhere},
                      {Access::tables[4], elsewhere},
                      {Access::tables[5], elsewhere},
                      {Access::tables[6], elsewhere},
                      {Access::tables[7], elsewhere}});
}

}  // namespace

Result<void> read_config_file(const std::string& path, Options& options) {
    toml::table root;
    try {
        if (!path.empty()) root = toml::parse_file(path);
    } catch (const toml::parse_error& failure) {
        return Error(Errc::bad_configuration, path + ":" +
                                                  std::to_string(failure.source().begin.line) +
                                                  ": " + std::string(failure.description()));
    }
    const tools::TomlFile file(path);
    if (auto read = read_top(root, file, options); !read) return read;
    if (options.listen.empty())
        return Error(Errc::bad_configuration, path + ": listen is empty; add an address");
    if (auto read = read_tls(root, file, options); !read) return read;
    const auto shares = Shares::from(root, file);
    if (!shares) return shares.error();
    options.limits.memory = shares->memory;
    options.pools = shares->pools;
    options.logins = shares->logins;
    auto access = Access::load(root, path);
    if (!access) return access.error();
    options.access = std::make_shared<const Access>(*std::move(access));
    auto served = deepstream::Options::from(
        root, file,
        std::shared_ptr<const Authenticator>(options.access, &options.access->authenticator));
    if (!served) return served.error();
    options.deepstream = *std::move(served);
    return {};
}

}  // namespace ringside::gateway
