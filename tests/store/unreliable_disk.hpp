#pragma once

#include <rocksdb/env.h>
#include <rocksdb/file_system.h>

#include <atomic>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <string>

namespace ringside::testing {

/// A disk that can lose power and become full: the real file system, with a record of the synced
/// size of each file. `lose_power` truncates each written file to its synced size, which is the
/// greatest loss of data in a file's tail. Renames and directory entries count as durable at once,
/// and unsynced bytes never turn into noise. (RocksDB has such a class for its own tests, which is
/// not installed.)
class UnreliableDisk {
public:
    UnreliableDisk()
        : files_(std::make_shared<Files>(rocksdb::FileSystem::Default(), *this)),
          env_(rocksdb::NewCompositeEnv(files_)) {}

    [[nodiscard]] rocksdb::Env* env() const noexcept { return env_.get(); }

    /// While true, nothing can be written.
    void run_full(bool is_full) { is_full_ = is_full; }

    /// REQUIRES: no store is open.
    void lose_power() {
        const std::lock_guard lock(mutex_);
        for (const auto& [path, synced] : synced_) {
            std::error_code gone;
            if (std::filesystem::file_size(path, gone) > synced && !gone) {
                std::filesystem::resize_file(path, synced);
            }
        }
    }
    [[nodiscard]] std::uint64_t syncs() const noexcept { return syncs_; }

private:
    class File;
    class Files;

    void note_sync(const std::string& path, std::uint64_t bytes) {
        const std::lock_guard lock(mutex_);
        synced_[path] = bytes;
    }
    void note_rename(const std::string& from, const std::string& to) {
        const std::lock_guard lock(mutex_);
        const auto place = synced_.find(from);
        if (place == synced_.end()) return;
        synced_[to] = place->second;
        synced_.erase(place);
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
            auto status = FileSystemWrapper::NewWritableFile(path, options, file, context);
            if (!status.ok()) return status;
            disk_->note_sync(path, 0);
            *file = std::make_unique<File>(std::move(*file), path, *disk_);
            return status;
        }
        rocksdb::IOStatus RenameFile(const std::string& from, const std::string& to,
                                     const rocksdb::IOOptions& how,
                                     rocksdb::IODebugContext* context) override {
            auto status = FileSystemWrapper::RenameFile(from, to, how, context);
            if (status.ok()) disk_->note_rename(from, to);
            return status;
        }

    private:
        UnreliableDisk* disk_;
    };

    std::atomic<bool> is_full_ = false;
    std::atomic<std::uint64_t> syncs_ = 0;
    std::mutex mutex_;
    std::map<std::string, std::uint64_t> synced_;
    std::shared_ptr<rocksdb::FileSystem> files_;
    std::unique_ptr<rocksdb::Env> env_;
};

}  // namespace ringside::testing
