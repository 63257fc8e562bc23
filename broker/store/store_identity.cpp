#include <fcntl.h>
#include <sys/stat.h>
#include <toml++/toml.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <random>

#include "broker/store/store_identity.hpp"
#include "shm/base/descriptor.hpp"

namespace ringside::broker {

namespace {

std::string path_of(const std::string& directory) { return directory + "/STORE"; }

Error system_failure(const std::string& what) {
    const Errc code = errno == EACCES || errno == EPERM || errno == EROFS ? Errc::permission_denied
                                                                          : Errc::system_error;
    return {code, what + ": " + std::strerror(errno)};
}

/// Replaces the file atomically: syncs file and directory before it appears under its name.
Result<void> write_whole(const std::string& directory, const std::string& text) {
    const std::string made = path_of(directory) + ".new";
    Descriptor file(open(made.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640));
    if (!file.is_open()) return system_failure(made);
    if (::write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()) ||
        fsync(file.get()) != 0) {
        return system_failure(made);
    }
    if (rename(made.c_str(), path_of(directory).c_str()) != 0) return system_failure(made);
    const Descriptor parent(open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!parent.is_open() || fsync(parent.get()) != 0) return system_failure(directory);
    return {};
}

}  // namespace

Result<void> write_identity(const std::string& directory, const Store::Identity& identity) {
    std::string text = "# A store of Ringside: the grid that its records belong to. Do not edit.\n";
    text += "format = " + std::to_string(identity.format) + "\n";
    text += "grid = \"" + identity.grid + "\"\n";
    text += "id = \"" + std::to_string(identity.id) + "\"\n";
    text += "ring-entries = " + std::to_string(identity.ring_entries) + "\n";
    return write_whole(directory, text);
}

std::uint64_t new_store_id() {
    std::random_device device;
    return ((static_cast<std::uint64_t>(device()) << 32) | device()) | 1;
}

Result<Store::Identity> Store::identify(const std::string& directory) {
    const std::string path = path_of(directory);
    struct stat there {};
    if (stat(path.c_str(), &there) != 0) {
        if (errno == ENOENT) return Error(Errc::not_found, "no store in " + directory);
        return system_failure(path);
    }
    const auto damaged = [&](const std::string& why) {
        return Error(Errc::store_damaged, path + ": " + why);
    };
    try {
        const toml::table file = toml::parse_file(path);
        const auto number = file["format"].value<std::int64_t>();
        if (!number || *number < 1) return damaged("format is missing");
        if (*number > Store::format) {
            return Error(Errc::store_format, directory + " has format " + std::to_string(*number) +
                                                 ", this release reads up to " +
                                                 std::to_string(Store::format));
        }
        const auto grid = file["grid"].value<std::string>();
        const auto id = file["id"].value<std::string>();
        const auto ring_entries = file["ring-entries"].value<std::int64_t>();
        if (!grid || !id || !ring_entries || *ring_entries < 0) return damaged("incomplete");
        Identity identity;
        identity.format = static_cast<std::uint32_t>(*number);
        identity.grid = *grid;
        identity.id = std::strtoull(id->c_str(), nullptr, 10);
        identity.ring_entries = static_cast<std::uint64_t>(*ring_entries);
        if (identity.id == 0) return damaged("identifier is missing");
        return identity;
    } catch (const toml::parse_error& failure) {
        return damaged(std::string(failure.description()));
    }
}

Result<Store::Identity> Store::identify(const std::string& directory, const std::string& grid) {
    auto identity = identify(directory);
    if (identity && identity->grid != grid) {
        return Error(
            Errc::store_mismatch,
            directory + " is the store of grid '" + identity->grid + "'; to start grid '" + grid +
                "' from a copy or backup of it, run: ringside restore DIRECTORY --as " + grid);
    }
    return identity;
}

}  // namespace ringside::broker
