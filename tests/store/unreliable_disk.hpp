#pragma once

#include <rocksdb/env.h>
#include <rocksdb/file_system.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/temporary_directory.hpp"

namespace ringside::testing {

/// A disk that can lose power and become full: the real file system, with a record of what was
/// synced. `lose_power` keeps what POSIX promises, and of everything else a part that depends on
/// the seed:
///   data       behind the synced size of a file: nothing, a part, or noise in place of a part
///   directory  files created, renamed and deleted since the directory was synced: all of these
///              changes, none, or the first ones
/// (RocksDB has such a class for its own tests, which is not installed.)
class UnreliableDisk {
public:
    explicit UnreliableDisk(unsigned seed = 1)
        : random_(seed),
          files_(std::make_shared<Files>(rocksdb::FileSystem::Default(), *this)),
          env_(rocksdb::NewCompositeEnv(files_)) {}

    [[nodiscard]] rocksdb::Env* env() const noexcept { return env_.get(); }

    /// While true, nothing can be written.
    void run_full(bool is_full) { is_full_ = is_full; }

    /// REQUIRES: no store is open.
    void lose_power() {
        const std::lock_guard lock(mutex_);
        for (auto& [directory, changes] : changes_) lose_changes(changes);
        for (auto& [path, synced] : synced_) lose_data(path, synced);
        changes_.clear();
    }
    [[nodiscard]] std::uint64_t syncs() const noexcept { return syncs_; }

    /// What power losses have destroyed so far. A test checks that each kind has occurred.
    struct Losses {
        std::uint64_t cut = 0;      ///< files that lost unsynced bytes
        std::uint64_t noise = 0;    ///< files with noise in unsynced bytes
        std::uint64_t created = 0;  ///< files that no longer exist
        std::uint64_t renamed = 0;  ///< files that have their former name again
        std::uint64_t deleted = 0;  ///< files that exist again
    };
    [[nodiscard]] const Losses& losses() const noexcept { return losses_; }

private:
    class File;
    class Directory;
    class Files;

    /// A change of a directory that was not synced.
    struct Change {
        enum class Kind { created, renamed, deleted };
        Kind kind;
        std::string path;
        std::string from;          ///< `renamed` only
        std::string kept;          ///< where the file that had this path lies now; empty: none
        std::uint64_t synced = 0;  ///< synced size of that file
    };

    static std::string directory_of(const std::string& path) {
        return std::filesystem::path(path).parent_path().string();
    }

    /// Moves the file away, so that it can come back. Returns its place, or nothing if there is
    /// none.
    std::string keep(const std::string& path) {
        if (!std::filesystem::exists(path)) return {};
        const std::string kept = attic_ / std::to_string(++kept_files_);
        std::filesystem::rename(path, kept);
        return kept;
    }
    /// REQUIRES: locked. Call it before the change is made.
    void note_change(Change::Kind kind, const std::string& path, std::string from = {}) {
        const auto synced = synced_.find(path);
        const std::uint64_t synced_bytes = synced == synced_.end() ? 0 : synced->second;
        if (synced != synced_.end()) synced_.erase(synced);
        changes_[directory_of(path)].push_back(
            {kind, path, std::move(from), keep(path), synced_bytes});
    }

    void lose_changes(std::vector<Change>& changes) {
        const std::size_t choice = random_() % 3;
        std::size_t left = choice == 0 ? changes.size() : 0;
        if (choice == 1) left = random_() % (changes.size() + 1);
        while (changes.size() > left) {
            undo(changes.back());
            changes.pop_back();
        }
    }
    void undo(const Change& change) {
        switch (change.kind) {
            case Change::Kind::created:
                std::filesystem::remove(change.path);
                synced_.erase(change.path);
                ++losses_.created;
                break;
            case Change::Kind::renamed: {
                std::filesystem::rename(change.path, change.from);
                const auto synced = synced_.find(change.path);
                if (synced != synced_.end()) {
                    synced_[change.from] = synced->second;
                    synced_.erase(change.path);
                }
                ++losses_.renamed;
                break;
            }
            case Change::Kind::deleted: ++losses_.deleted; break;
        }
        if (change.kept.empty()) return;
        std::filesystem::rename(change.kept, change.path);
        synced_[change.path] = change.synced;
    }

    void lose_data(const std::string& path, std::uint64_t& synced) {
        std::error_code gone;
        const std::uint64_t size = std::filesystem::file_size(path, gone);
        if (gone || size <= synced) return;
        const std::uint64_t left = synced + random_() % (size - synced + 1);
        const bool is_noisy = left > synced && random_() % 2 == 0;
        std::filesystem::resize_file(path, left);
        if (is_noisy) {
            std::string noise(left - synced, '\0');
            const std::size_t first = random_() % noise.size();
            std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
            file.seekg(static_cast<std::streamoff>(synced));
            file.read(noise.data(), static_cast<std::streamsize>(noise.size()));
            std::generate(noise.begin() + static_cast<std::ptrdiff_t>(first), noise.end(),
                          [this] { return static_cast<char>(random_()); });
            file.seekp(static_cast<std::streamoff>(synced));
            file.write(noise.data(), static_cast<std::streamsize>(noise.size()));
            ++losses_.noise;
        }
        if (left < size) ++losses_.cut;
        synced = left;
    }

    void note_sync(const std::string& path, std::uint64_t bytes) {
        const std::lock_guard lock(mutex_);
        synced_[path] = bytes;
    }
    void note_directory_sync(const std::string& directory) {
        const std::lock_guard lock(mutex_);
        const auto changes = changes_.find(directory);
        if (changes == changes_.end()) return;
        for (const Change& change : changes->second) {
            if (!change.kept.empty()) std::filesystem::remove(change.kept);
        }
        changes_.erase(changes);
    }

    class File : public rocksdb::FSWritableFileOwnerWrapper {
    public:
        File(std::unique_ptr<rocksdb::FSWritableFile>&& file, std::string path,
             UnreliableDisk& disk)
            : FSWritableFileOwnerWrapper(std::move(file)), path_(std::move(path)), disk_(&disk) {}

        rocksdb::IOStatus Append(const rocksdb::Slice& data, const rocksdb::IOOptions& how,
                                 rocksdb::IODebugContext* context) override {
            if (disk_->is_full_) return rocksdb::IOStatus::NoSpace("the disk is full (test)");
            bytes_ += data.size();
            return FSWritableFileOwnerWrapper::Append(data, how, context);
        }
        rocksdb::IOStatus Append(const rocksdb::Slice& data, const rocksdb::IOOptions& how,
                                 const rocksdb::DataVerificationInfo& check,
                                 rocksdb::IODebugContext* context) override {
            if (disk_->is_full_) return rocksdb::IOStatus::NoSpace("the disk is full (test)");
            bytes_ += data.size();
            return FSWritableFileOwnerWrapper::Append(data, how, check, context);
        }
        rocksdb::IOStatus Truncate(std::uint64_t size, const rocksdb::IOOptions& how,
                                   rocksdb::IODebugContext* context) override {
            bytes_ = size;
            return FSWritableFileOwnerWrapper::Truncate(size, how, context);
        }
        rocksdb::IOStatus Sync(const rocksdb::IOOptions& how,
                               rocksdb::IODebugContext* context) override {
            if (disk_->is_full_) return rocksdb::IOStatus::NoSpace("the disk is full (test)");
            // Not the real sync: the test loses power only through `lose_power`.
            static_cast<void>(how);
            static_cast<void>(context);
            ++disk_->syncs_;
            disk_->note_sync(path_, bytes_);
            return rocksdb::IOStatus::OK();
        }
        rocksdb::IOStatus Fsync(const rocksdb::IOOptions& how,
                                rocksdb::IODebugContext* context) override {
            return Sync(how, context);
        }

    private:
        std::string path_;
        UnreliableDisk* disk_;
        std::uint64_t bytes_ = 0;
    };

    class Directory : public rocksdb::FSDirectoryWrapper {
    public:
        Directory(std::unique_ptr<rocksdb::FSDirectory>&& directory, std::string path,
                  UnreliableDisk& disk)
            : FSDirectoryWrapper(std::move(directory)),
              path_(directory_of(std::move(path) + "/file")),
              disk_(&disk) {}

        rocksdb::IOStatus Fsync(const rocksdb::IOOptions& how,
                                rocksdb::IODebugContext* context) override {
            static_cast<void>(how);
            static_cast<void>(context);
            if (disk_->is_full_) return rocksdb::IOStatus::NoSpace("the disk is full (test)");
            disk_->note_directory_sync(path_);
            return rocksdb::IOStatus::OK();
        }
        rocksdb::IOStatus FsyncWithDirOptions(const rocksdb::IOOptions& how,
                                              rocksdb::IODebugContext* context,
                                              const rocksdb::DirFsyncOptions& what) override {
            static_cast<void>(what);
            return Fsync(how, context);
        }

    private:
        std::string path_;
        UnreliableDisk* disk_;
    };

    class Files : public rocksdb::FileSystemWrapper {
    public:
        Files(const std::shared_ptr<rocksdb::FileSystem>& base, UnreliableDisk& disk)
            : FileSystemWrapper(base), disk_(&disk) {}
        [[nodiscard]] const char* Name() const override { return "UnreliableDisk"; }

        rocksdb::IOStatus NewWritableFile(const std::string& path,
                                          const rocksdb::FileOptions& options,
                                          std::unique_ptr<rocksdb::FSWritableFile>* file,
                                          rocksdb::IODebugContext* context) override {
            if (disk_->is_full_) return rocksdb::IOStatus::NoSpace("the disk is full (test)");
            const std::lock_guard lock(disk_->mutex_);
            disk_->note_change(Change::Kind::created, path);
            auto status = FileSystemWrapper::NewWritableFile(path, options, file, context);
            if (!status.ok()) return status;
            disk_->synced_[path] = 0;
            *file = std::make_unique<File>(std::move(*file), path, *disk_);
            return status;
        }
        rocksdb::IOStatus NewDirectory(const std::string& path, const rocksdb::IOOptions& how,
                                       std::unique_ptr<rocksdb::FSDirectory>* directory,
                                       rocksdb::IODebugContext* context) override {
            auto status = FileSystemWrapper::NewDirectory(path, how, directory, context);
            if (!status.ok()) return status;
            *directory = std::make_unique<Directory>(std::move(*directory), path, *disk_);
            return status;
        }
        rocksdb::IOStatus RenameFile(const std::string& from, const std::string& to,
                                     const rocksdb::IOOptions& how,
                                     rocksdb::IODebugContext* context) override {
            const std::lock_guard lock(disk_->mutex_);
            disk_->note_change(Change::Kind::renamed, to, from);
            const auto synced = disk_->synced_.find(from);
            if (synced != disk_->synced_.end()) {
                disk_->synced_[to] = synced->second;
                disk_->synced_.erase(from);
            }
            return FileSystemWrapper::RenameFile(from, to, how, context);
        }
        rocksdb::IOStatus DeleteFile(const std::string& path, const rocksdb::IOOptions& how,
                                     rocksdb::IODebugContext* context) override {
            static_cast<void>(how);
            static_cast<void>(context);
            const std::lock_guard lock(disk_->mutex_);
            if (!std::filesystem::exists(path)) return rocksdb::IOStatus::PathNotFound(path);
            disk_->note_change(Change::Kind::deleted, path);
            return rocksdb::IOStatus::OK();
        }

    private:
        UnreliableDisk* disk_;
    };

    const TemporaryDirectory attic_;  ///< files that a power loss may bring back
    std::uint64_t kept_files_ = 0;
    std::mt19937_64 random_;
    Losses losses_;
    std::atomic<bool> is_full_ = false;
    std::atomic<std::uint64_t> syncs_ = 0;
    std::mutex mutex_;
    std::map<std::string, std::uint64_t> synced_;         ///< size of each written file
    std::map<std::string, std::vector<Change>> changes_;  ///< by directory, in order
    std::shared_ptr<rocksdb::FileSystem> files_;
    std::unique_ptr<rocksdb::Env> env_;
};

}  // namespace ringside::testing
