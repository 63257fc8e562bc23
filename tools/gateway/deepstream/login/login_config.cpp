#include "tools/gateway/deepstream/login/login_config.hpp"

#include <toml++/toml.h>

#include "tools/gateway/deepstream/login/file_login.hpp"
#include "tools/gateway/deepstream/login/login_limits.hpp"
#include "tools/gateway/deepstream/login/open_login.hpp"
#include "tools/gateway/deepstream/login/token_login.hpp"
#include "tools/gateway/deepstream/login/webhook_login.hpp"

namespace ringside::gateway::deepstream {

namespace {

using Method = std::unique_ptr<const LoginMethod>;

Result<void> passed_over(std::string_view, const toml::node&) { return {}; }

Result<Method> read_open(const toml::table& table, const LoginContext& context) {
    auto read = context.file.read(table, "a method 'open'", {{"type", passed_over}});
    if (!read) return read.error();
    return std::make_unique<const OpenLogin>();
}

Result<Method> read_token(const toml::table& table, const LoginContext& context) {
    bool is_last_word = context.is_only_method;
    auto read = context.file.read(
        table, "a method 'token'",
        {{"type", passed_over}, {"report_invalid_parameters", context.file.to(is_last_word)}});
    if (!read) return read.error();
    if (!context.authenticator->has_methods()) {
        return context.file.error_at(table,
                                     "method 'token' needs tokens; add [[api_key]] or [jwt]");
    }
    return std::make_unique<const TokenLogin>(context.authenticator, is_last_word);
}

/// The options for the hashes of a users file.
struct HashWords {
    std::string algorithm;
    std::int64_t iterations = 0;
    std::int64_t key_length = 0;
};

Result<std::optional<PasswordHash>> read_hash(const toml::table& table, const tools::TomlFile& file,
                                              const HashWords& words) {
    const bool has_rest = words.iterations != 0 && words.key_length != 0;
    if (words.algorithm.empty() && words.iterations == 0 && words.key_length == 0) {
        return std::optional<PasswordHash>();
    }
    if (words.algorithm.empty() || !has_rest) {
        return file.error_at(table, "hash, iterations and key_length must be set together");
    }
    auto made = PasswordHash::make(words.algorithm, words.iterations, words.key_length);
    if (!made) return file.error_at(*table.get("hash"), made.error().detail);
    return std::optional(*std::move(made));
}

Result<Method> read_file(const toml::table& table, const LoginContext& context) {
    const tools::TomlFile& file = context.file;
    bool is_last_word = context.is_only_method;
    std::filesystem::path path;
    HashWords words;
    auto read =
        file.read(table, "a method 'file'",
                  {{"type", passed_over},
                   {"report_invalid_parameters", file.to(is_last_word)},
                   {"path", file.to(path)},
                   {"hash", file.to(words.algorithm)},
                   {"iterations", file.to(words.iterations, 1, login_limits::iterations_max)},
                   {"key_length", file.to(words.key_length, 1, login_limits::key_length_max)}});
    if (!read) return read.error();
    if (path.empty()) return file.error_at(table, "method 'file' is incomplete; set path");
    auto hash = read_hash(table, file, words);
    if (!hash) return hash.error();
    auto users = read_users_file(path, *hash ? &**hash : nullptr);
    if (!users) return users.error();
    return std::make_unique<const FileLogin>(*std::move(users), *hash, is_last_word);
}

Result<Method> read_webhook(const toml::table& table, const LoginContext& context) {
    auto options = read_webhook_options(table, context.file, context.is_only_method);
    if (!options) return options.error();
    return std::make_unique<const WebhookLogin>(*std::move(options));
}

}  // namespace

Result<Method> read_login_method(const toml::table& table, const LoginContext& context) {
    const auto type = table["type"].value_exact<std::string>().value_or("");
    // deepstream calls this method "none".
    if (type == "open" || type == "none") return read_open(table, context);
    if (type == "file") return read_file(table, context);
    if (type == "http") return read_webhook(table, context);
    if (type == "token") return read_token(table, context);
    return context.file.error_at(table, R"(type must be "open", "file", "http" or "token")");
}

}  // namespace ringside::gateway::deepstream
