#include "tools/gateway/deepstream/login/users_file.hpp"

#include <fmt/format.h>

#include "shm/document/json.hpp"
#include "tools/gateway/access/guarded_file.hpp"
#include "tools/gateway/deepstream/login/login.hpp"
#include "tools/gateway/deepstream/login/login_limits.hpp"
#include "tools/gateway/deepstream/login/yaml_document.hpp"

namespace ringside::gateway::deepstream {

namespace {

Result<YamlDocument> read_document(const std::filesystem::path& path, const std::string& text) {
    const std::string extension = path.extension();
    if (extension == ".yml" || extension == ".yaml") {
        auto read = document_from_yaml(text);
        if (read) return read;
        return Error(Errc::bad_configuration, path.string() + ":" + read.error().detail);
    }
    if (extension == ".json") {
        auto read = document_from_json(text);
        if (read) return YamlDocument{.document = std::move(*read), .lines = {}};
        return Error(Errc::bad_configuration, path.string() + ": " + read.error().text());
    }
    return Error(Errc::bad_configuration,
                 path.string() + ": unknown extension of a users file; use .yml, .yaml or .json");
}

Result<FileUser> read_user(const Value& value, const PasswordHash* hash) {
    const auto bad = [](std::string what) {
        return Error(Errc::bad_configuration, std::move(what));
    };
    if (!value.is_object()) return bad("password is missing");
    const auto password = value["password"].as_string();
    if (!value["password"].exists()) return bad("password is missing");
    if (!password) return bad("password is not a string; put it in quotes");
    if (hash != nullptr && !hash->can_keep(*password)) {
        return bad("password does not fit hash and key_length; " +
                   std::string("make it with ringside-gateway make-hash"));
    }
    return FileUser{.password = std::string(*password),
                    .client_data = user_data_of(value["clientData"]),
                    .server_data = user_data_of(value["serverData"])};
}

}  // namespace

Result<FileUsers> read_users_file(const std::filesystem::path& path, const PasswordHash* hash) {
    const auto text =
        read_guarded_file(path, hash == nullptr ? FileKind::secret : FileKind::trusted,
                          login_limits::users_file_bytes_max);
    if (!text) return text.error();
    const auto read = read_document(path, *text);
    if (!read) return read.error();
    const Value root = Value::of(read->document);
    if (!root.is_object() || root.size() == 0) {
        return Error(Errc::bad_configuration, path.string() + ": no users");
    }
    FileUsers users;
    for (const auto [name, value] : root.members()) {
        const auto bad = [&, user = std::string(name)](const std::string& what) {
            const auto line = read->lines.find(user);
            const std::string at =
                line == read->lines.end() ? "" : ":" + std::to_string(line->second);
            return Error(Errc::bad_configuration,
                         fmt::format("{}{}: user '{}': {}", path.string(), at, user, what));
        };
        if (name.empty() || name.size() > login_limits::id_bytes_max) {
            return bad("invalid length of the name; use 1 to " +
                       std::to_string(login_limits::id_bytes_max) + " bytes");
        }
        auto user = read_user(value, hash);
        if (!user) return bad(user.error().detail);
        users.emplace(name, std::move(*user));
    }
    return users;
}

}  // namespace ringside::gateway::deepstream
