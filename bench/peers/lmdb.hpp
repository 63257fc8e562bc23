#pragma once

#include <lmdb.h>

#include "bench/peers/peer.hpp"

namespace ringside::bench {

/// LMDB with its file in shared memory and without syncs, so that no disk is involved.
class Lmdb : public Peer {
public:
    /// `directory` must exist.
    Lmdb(const std::string& directory, std::size_t records);
    ~Lmdb() override;

    [[nodiscard]] std::string_view name() const override { return "LMDB"; }
    void fill(std::size_t records) override;
    std::int64_t read(Names names) override;
    std::int64_t read_many(Names names) override;
    std::int64_t scan() override;
    void write(Names names, std::span<const Bytes> documents) override;
    void write_pipelined(Names names, std::span<const Bytes> documents) override;
    [[nodiscard]] std::unique_ptr<Peer> open_again() const override;
    [[nodiscard]] double bytes_used() const override;

private:
    void put(MDB_txn* transaction, std::string_view name, ByteView document) const;
    [[nodiscard]] ByteView get(std::string_view name) const;

    std::string directory_;
    std::size_t records_;
    MDB_env* environment_ = nullptr;
    MDB_dbi database_ = 0;
    MDB_txn* reader_ = nullptr;  ///< reset between reads, renewed for each
};

}  // namespace ringside::bench
