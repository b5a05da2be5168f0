namespace QedTools;

/// <summary>A backup does not belong to the file, or not to its current contents.</summary>
public sealed class QedBackupMismatchException : QedRequestException
{
    internal QedBackupMismatchException(string backupPath, string allowed, string message)
        : base(backupPath, "BackupPath", backupPath, allowed, message)
    {
    }
}
