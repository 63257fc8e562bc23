#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ringside/client.hpp"
#include "tools/support/undo_plan.hpp"

namespace ringside::tools {

/// Limits of one transaction.
struct TransactionLimits {
    std::size_t writes_max = 0;
    std::size_t bytes_max = 0;  ///< names and documents

    /// Throws ringside::Exception: those of shm::Segment::open.
    static TransactionLimits of_grid(const std::string& grid);
};

/// Carries out the steps of a plan in as few transactions as the limits allow. A record that was
/// changed since the plan was made is left unchanged, and is reported.
/// Thread safety: one thread.
class Undo {
public:
    /// `before`: the older snapshot of the plan. It must outlive this object, like the client.
    Undo(Client& client, const Snapshot& before, TransactionLimits most, Grade grade) noexcept
        : client_(&client), before_(&before), limits_(most), grade_(grade) {}

    /// Throws ringside::Exception: snapshot_expired, those of Client::commit. Transactions that
    /// were committed before stay, and are counted.
    void run(const std::vector<UndoStep>& steps);

    std::uint64_t restored = 0;
    std::uint64_t removed = 0;
    std::uint64_t transactions = 0;
    Revision revision = 0;               ///< of the last transaction
    std::vector<std::string> conflicts;  ///< names of the records that were left unchanged

private:
    [[nodiscard]] ByteView document_of(const UndoStep& step);
    [[nodiscard]] std::size_t size_of(const UndoStep& step);
    void commit_batch();
    [[nodiscard]] const Transaction& transaction_of_batch();
    void leave_out_changed();
    void count(const CommitResult& done);

    Client* client_;
    const Snapshot* before_;
    TransactionLimits limits_;
    Grade grade_;
    std::vector<const UndoStep*> batch_;
    Transaction transaction_;
    DocumentBuilder encoded_;
};

}  // namespace ringside::tools
