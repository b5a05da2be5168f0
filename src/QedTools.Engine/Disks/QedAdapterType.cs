namespace QedTools;

/// <summary>The disk controllers that a VMDK file can name ("Virtual Disk Format 5.0", "The Disk Database").</summary>
public enum QedAdapterType
{
    /// <summary>An IDE controller.</summary>
    Ide,

    /// <summary>An LSI Logic SCSI controller, or one of its successors: LSI Logic SAS and VMware's paravirtual controller.</summary>
    LsiLogic,

    /// <summary>A BusLogic SCSI controller.</summary>
    BusLogic,
}
