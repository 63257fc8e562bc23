#include <sys/stat.h>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <filesystem>
#include <memory>

#include "broker/store/store.hpp"
#include "shm/name/system_name.hpp"
#include "shm/segment/segment.hpp"
#include "tools/ringside/context.hpp"
#include "tools/ringside/offline.hpp"

namespace ringside::tools {

namespace {

using broker::Store;

constexpr std::size_t part_bytes = 32U << 20;

/// Room for a new directory. Throws ringside::Exception.
void check_target(const std::string& directory) {
    std::error_code failure;
    if (!std::filesystem::exists(directory, failure)) return;
    if (std::filesystem::is_empty(directory, failure) && !failure) return;
    throw Exception(Error(Errc::store_mismatch, directory + " is there already, and not empty"));
}

/// Writes all records of a snapshot to a store. Throws ringside::Exception.
std::uint64_t write_all(const Snapshot& snapshot, Store& store) {
    std::uint64_t records = 0;
    DocumentBuilder whole;
    Result<void> written = store.begin_anew();
    const auto write_batch = [&](std::span<const RecordView> batch) {
        for (const RecordView& record : batch) {
            const auto document = record.encode(whole);
            if (!document) {
                written = document.error();
                return false;
            }
            store.put({record.name(), *document, record.version(), record.revision(),
                       record.expires_ms(), record.updated_ns()});
        }
        records += batch.size();
        if (store.batch_bytes() >= part_bytes) written = store.write_part();
        return written.has_value() && !is_interrupted();
    };
    // As `system_name::is_stored` says.
    for (const std::string_view prefix : {std::string_view(), system_name::index_prefix}) {
        if (written) snapshot.scan_prefix(prefix, write_batch).value();
    }
    if (written && is_interrupted()) written = Error(Errc::timed_out, "it was interrupted");
    // Of what was read only now it is certain that it was whole.
    if (written) written = snapshot.check();
    if (written) written = store.finish_anew(snapshot.revision());
    written.value();
    return records;
}

void back_up(const Context& context, const std::string& directory, const std::string& as) {
    check_target(directory);
    const Client client = attach_to_read(context);
    const Snapshot snapshot = client.snapshot({.lease = std::chrono::hours(1)}).value();
    const shm::Segment segment = shm::Segment::open(context.grid).value();
    // Under its name there is a whole backup, or nothing.
    const std::string partial = directory + ".partial";
    std::filesystem::remove_all(partial);
    std::uint64_t records = 0;
    try {
        Store::Options options;
        options.directory = partial;
        options.grid = as.empty() ? context.grid : as;
        options.ring_entries = segment.view().identity().ring_entries;
        Store store = Store::open(options).value();
        records = write_all(snapshot, store);
    } catch (...) {
        std::error_code ignored;
        std::filesystem::remove_all(partial, ignored);
        throw;
    }
    std::filesystem::rename(partial, directory);
    std::string line = "{";
    append_member(line, "records", records);
    append_member(line, "revision", snapshot.revision());
    append_member(line, "directory", directory);
    print_line(line + "}");
}

void add_restore(CLI::App& app) {
    struct Arguments {
        std::string directory;
        std::string as;
    };
    auto arguments = std::make_shared<Arguments>();
    CLI::App* command = app.add_subcommand(
        "restore",
        "Makes a backup the store of a grid of another name; the records stay unchanged");
    command->add_option("directory", arguments->directory, "The backup; no broker may use it")
        ->required();
    command->add_option("--as", arguments->as, "Name of the grid that is started from it")
        ->required();
    command->footer(
        "The backup is changed in place: copy it first to keep it for the grid that it is of.\n"
        "Example: ringside restore /backup/onsale-monday --as onsale-test\n"
        "Then: ringside-broker -g onsale-test --data /backup/onsale-monday");
    command->callback([arguments] {
        umask(S_IWGRP | S_IRWXO);
        static_cast<void>(shm::GridPaths::of(arguments->as).value());
        const Store store = Store::rename(arguments->directory, arguments->as).value();
        std::string line = "{";
        append_member(line, "grid", store.identity().grid);
        append_member(line, "revision", store.revision());
        append_member(line, "directory", arguments->directory);
        print_line(line + "}");
    });
}

}  // namespace

void add_backup_command(CLI::App& app, Context& context) {
    auto directory = std::make_shared<std::string>();
    auto as = std::make_shared<std::string>();
    CLI::App* command = app.add_subcommand(
        "backup", "Writes all records, as of one revision, into a new store; the grid goes on");
    command->add_option("directory", *directory, "Where to; a broker can be started with it")
        ->required();
    command->add_option("--as", *as, "For a grid of this name (default: the same)");
    add_offline_flag(*command, context);
    command->footer(
        "Example: ringside -g onsale backup /backup/onsale-monday\n"
        "Start from it: ringside-broker -g onsale --data /backup/onsale-monday\n"
        "Under another name, alongside the living grid: see ringside restore --help");
    command->callback([&context, directory, as] {
        catch_interrupts();
        umask(S_IWGRP | S_IRWXO);  // files 0640, directories 0750: as closed as the segment
        if (!as->empty()) static_cast<void>(shm::GridPaths::of(*as).value());
        try {
            back_up(context, *directory, *as);
        } catch (const std::filesystem::filesystem_error& failure) {
            throw Exception(Error(Errc::system_error, failure.what()));
        }
    });
    add_restore(app);
}

}  // namespace ringside::tools
