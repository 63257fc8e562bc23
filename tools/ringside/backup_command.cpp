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

/// Checks that a new directory can be created. Throws ringside::Exception.
void check_target(const std::string& directory) {
    std::error_code failure;
    if (!std::filesystem::exists(directory, failure)) return;
    if (std::filesystem::is_empty(directory, failure) && !failure) return;
    throw Exception(Error(Errc::store_mismatch,
                          directory + " exists and is not empty; choose another directory"));
}

/// Writes all records of a snapshot to a store. Throws ringside::Exception.
std::uint64_t write_all(const Snapshot& snapshot, Store& store) {
    std::uint64_t records = 0;
    DocumentBuilder whole;
    Result<void> written = store.recreate();
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
    // See `system_name::is_stored`.
    for (const std::string_view prefix : {std::string_view(), system_name::index_prefix}) {
        if (written) snapshot.scan_prefix(prefix, write_batch).value();
    }
    if (written && is_interrupted()) written = Error(Errc::timed_out, "interrupted");
    // Only now is it certain that the records were read intact.
    if (written) written = snapshot.check();
    if (written) written = store.finish_recreation(snapshot.revision());
    written.value();
    return records;
}

void back_up(const Context& context, const std::string& directory, const std::string& as) {
    check_target(directory);
    const Client client = attach_to_read(context);
    const Snapshot snapshot = client.snapshot({.lease = std::chrono::hours(1)}).value();
    const shm::Segment segment = shm::Segment::open(context.grid).value();
    // The final name holds a complete backup, or nothing.
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
    CLI::App* command =
        app.add_subcommand("restore", "Assign a backup to a grid of another name, in place");
    command
        ->add_option("directory", arguments->directory, "Backup directory; no broker must use it")
        ->required();
    command->add_option("--as", arguments->as, "Name of the grid to start from it")->required();
    command->footer(
        "The records stay unchanged. To keep the backup for its original grid, copy it first.\n"
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
        "backup", "Write all records of one revision to a new store, while the grid runs");
    command
        ->add_option("directory", *directory,
                     "Directory of the new store; a broker can start with it")
        ->required();
    command->add_option("--as", *as, "Grid name of the new store (default: the same)");
    add_offline_flag(*command, context);
    command->footer(
        "Example: ringside -g onsale backup /backup/onsale-monday\n"
        "Start from it: ringside-broker -g onsale --data /backup/onsale-monday\n"
        "To start it under another name, see ringside restore --help");
    command->callback([&context, directory, as] {
        catch_interrupts();
        umask(S_IWGRP | S_IRWXO);  // files 0640, directories 0750: as restricted as the segment
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
